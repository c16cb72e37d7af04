"""Cleaning alphas: known answers on shapes drawn by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.cleanup import feather, fill_holes, grow, harden, keep_largest, remove_specks


def soft_disc(size: int, y: float, x: float, radius: float, softness: float = 3) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="ij")
    return ((radius - torch.hypot(rows - y, columns - x)) / softness + 0.5).clamp(0, 1)


SUBJECT, SPECK = soft_disc(100, 40, 40, 22), soft_disc(100, 85, 85, 5)


def test_keep_largest_takes_the_fringe_of_the_rest_along():
    cleaned = keep_largest(torch.maximum(SUBJECT, SPECK)[None])[0]
    assert torch.equal(cleaned, SUBJECT)


def test_keep_largest_parts_regions_that_only_a_haze_connects():
    haze = torch.zeros(100, 100)
    haze[38:42, 50:95] = 0.2
    other = soft_disc(100, 40, 88, 6)
    cleaned = keep_largest(torch.maximum(torch.maximum(SUBJECT, other), haze)[None])[0]
    assert float(cleaned[:, 80:].max()) == 0
    assert torch.equal(cleaned[:, :60][SUBJECT[:, :60] > 0.5], SUBJECT[:, :60][SUBJECT[:, :60] > 0.5])


def test_specks_go_and_larger_regions_stay():
    alpha = torch.maximum(SUBJECT, SPECK)
    assert torch.equal(remove_specks(alpha[None], 100)[0], SUBJECT)
    assert torch.equal(remove_specks(alpha[None], 60)[0], alpha)  # the speck has about 80 pixels


def test_a_faint_speck_goes_too():
    alpha = torch.maximum(SUBJECT, 0.3 * SPECK)
    assert torch.equal(remove_specks(alpha[None], 200)[0], SUBJECT)


def test_holes_are_filled_with_their_fringe_and_bays_stay():
    alpha = soft_disc(100, 50, 50, 40) * (1 - soft_disc(100, 50, 50, 6))
    alpha[45:55, :30] = 0  # a bay open to the border
    expected = torch.where(soft_disc(100, 50, 50, 15) > 0, 1, alpha)
    assert torch.equal(fill_holes(alpha[None])[0], expected)
    assert torch.equal(fill_holes(alpha[None], 50)[0], alpha)  # the hole has about 110 pixels


def test_hardness():
    alpha = torch.tensor([[[0.0, 0.3, 0.5, 0.75, 1.0]]])
    assert torch.equal(harden(alpha, 0), alpha)
    assert harden(alpha, 0.5).flatten().tolist() == pytest.approx([0, 0.1, 0.5, 1, 1])
    assert harden(alpha, 1).flatten().tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("distance", [1, 4, 9, 2.5, -3, -7.5])
def test_grow_moves_the_edge_by_that_many_pixels(distance):
    alpha = soft_disc(160, 80, 80, 40)
    grown = grow(alpha[None], distance)[0]
    along = grown[80, 80:]  # from the centre to the right
    assert float(along.sum()) == pytest.approx(float(alpha[80, 80:].sum()) + distance, abs=0.2)
    diagonal = (grown > 0.5).sum() / (alpha > 0.5).sum()
    assert float(diagonal) == pytest.approx(((40 + distance) / 40) ** 2, rel=0.04)


def test_feather_is_a_gaussian_and_keeps_the_edge_in_place():
    alpha = torch.zeros(1, 60, 200)
    alpha[:, :, 100:] = 1
    soft = feather(alpha, 20)[0, 30]
    expected = torch.special.ndtr((torch.arange(200) - 99.5) / 10)
    torch.testing.assert_close(soft, expected, atol=0.01, rtol=0)
    assert float(soft[0]) == 0
    assert float(soft[-1]) == 1


@pytest.mark.parametrize("change", [lambda a: grow(a, 0), lambda a: feather(a, 0), lambda a: harden(a, 0), lambda a: remove_specks(a, 0)])
def test_doing_nothing_is_a_copy(change):
    alpha = torch.rand(2, 20, 30)
    same = change(alpha)
    assert torch.equal(same, alpha)
    assert same.data_ptr() != alpha.data_ptr()


CHANGES = {
    "largest": keep_largest,
    "specks": lambda alpha: remove_specks(alpha, 9),
    "holes": fill_holes,
    "harden": lambda alpha: harden(alpha, 0.4),
    "grow": lambda alpha: grow(alpha, 2.3),
    "shrink": lambda alpha: grow(alpha, -5),
    "feather": lambda alpha: feather(alpha, 3),
    "feather far": lambda alpha: feather(alpha, 60),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.integers(1, 3), st.integers(1, 40), st.integers(1, 40))
def test_any_alpha_keeps_shape_range_and_itself(name, batch, height, width):
    alpha = torch.rand(batch, height, width)
    alpha = torch.where(alpha > 0.5, alpha.round(), alpha)
    before = alpha.clone()
    changed = CHANGES[name](alpha)
    assert changed.shape == alpha.shape
    assert changed.dtype == torch.float32
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
    assert torch.equal(alpha, before)


def test_a_feather_narrower_than_any_pixel_changes_nothing():
    alpha = torch.rand(1, 5, 7)
    assert torch.equal(feather(alpha, 5e-324), alpha)
