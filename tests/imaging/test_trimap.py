"""Trimaps: where the unknown band lies, and how a trimap rules an alpha."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.trimap import constrain_alpha, make_trimap, split_trimap


def test_the_band_has_the_asked_widths():
    alpha = torch.zeros(1, 40, 100)
    alpha[:, :, 50:] = 1
    row = make_trimap(alpha, 7, 3)[0, 20]
    assert torch.equal(row, torch.cat((torch.zeros(47), torch.full((3 + 7,), 0.5), torch.ones(43))))


def test_distances_are_euclidean():
    alpha = torch.zeros(1, 101, 101)
    alpha[0, 50, 50] = 1
    trimap = make_trimap(alpha, 0, 20)[0]
    y, x = torch.meshgrid(torch.arange(101) - 50, torch.arange(101) - 50, indexing="ij")
    distance = torch.hypot(y.float(), x.float())
    assert (trimap[(distance > 0) & (distance <= 19.9)] == 0.5).all()
    assert (trimap[distance > 20.1] == 0).all()


def test_soft_pixels_are_unknown_wherever_they_lie():
    alpha = torch.zeros(1, 30, 30)
    alpha[0, 5:9, 5:9] = 0.3  # never crosses one half
    trimap = make_trimap(alpha, 2, 2)
    assert torch.equal(trimap == 0.5, alpha == 0.3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_picture_without_an_edge_is_known(value):
    alpha = torch.full((2, 12, 9), value)
    assert torch.equal(make_trimap(alpha, 100, 100), alpha)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40), st.floats(0, 60), st.floats(0, 60))
def test_any_alpha_gives_three_values_and_stays_as_it_was(batch, height, width, inside, outside):
    alpha = torch.rand(batch, height, width)
    alpha = torch.where(alpha > 0.3, alpha.round(), alpha)
    before = alpha.clone()
    trimap = make_trimap(alpha, inside, outside)
    assert set(trimap.unique().tolist()) <= {0.0, 0.5, 1.0}
    assert (trimap[(alpha > 0.05) & (alpha < 0.95)] == 0.5).all()
    assert (alpha[trimap == 1] > 0.95).all()
    assert (alpha[trimap == 0] < 0.05).all()
    assert torch.equal(alpha, before)


def test_a_trimap_rules_where_it_knows():
    alpha = torch.full((1, 1, 4), 0.7)
    trimap = torch.tensor([[[0.02, 128 / 255, 0.98, 0.5]]])  # as a JPEG would give it
    assert constrain_alpha(alpha, trimap).flatten().tolist() == pytest.approx([0, 0.7, 1, 0.7])
    subject, background, unknown = split_trimap(trimap)
    assert (subject.int() + background.int() + unknown.int() == 1).all()
