"""Compositing: straight alpha, any background."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.composite import composite, cover
from u2studio.shared_core.imaging.cutout import cutout


def test_over_a_colour():
    foreground, alpha = torch.full((1, 1, 3, 3), 0.2), torch.tensor([[[0.0, 0.5, 1.0]]])
    blended = composite(foreground, alpha, "#ff8000")[0, 0]
    torch.testing.assert_close(blended, torch.tensor([[1, 128 / 255, 0], [0.6, (0.2 + 128 / 255) / 2, 0.1], [0.2, 0.2, 0.2]]))


def test_bytes_round_to_the_nearest_level():
    foreground, alpha = torch.full((1, 1, 2, 3), 201, dtype=torch.uint8), torch.tensor([[[0.5, 1.0]]])
    assert composite(foreground, alpha, "#000000")[0, 0, :, 0].tolist() == [100, 201]  # 100.5 rounds to even


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_half_transparent_pixel_keeps_its_colour(dtype):
    colour = torch.tensor([200, 100, 50], dtype=torch.uint8) if dtype == torch.uint8 else torch.tensor([0.8, 0.4, 0.2])
    made = cutout(colour.expand(1, 2, 2, 3), torch.full((1, 2, 2), 0.5))
    assert made.dtype == dtype
    assert torch.equal(made[0, 0, 0, :3], colour)
    assert float(made[0, 0, 0, 3]) == (128 if dtype == torch.uint8 else 0.5)


def test_cover_fills_and_keeps_the_aspect():
    picture = torch.zeros(1, 10, 40, 3)
    picture[:, :, 20:] = 1  # black left, white right
    covering = cover(picture, 30, 30)
    assert covering.shape == (1, 30, 30, 3)
    assert (covering[:, :, :13] == 0).all()
    assert (covering[:, :, 17:] == 1).all()


def test_a_background_of_the_same_size_is_used_as_it_is():
    background = torch.rand(1, 7, 9, 3)
    assert torch.equal(composite(torch.rand(2, 7, 9, 3), torch.zeros(2, 7, 9), background), background.expand(2, -1, -1, -1))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.integers(1, 50), st.booleans(), st.sampled_from([3, 4]))
def test_any_size_and_dtype(batch, height, width, tall, wide, as_bytes, channels):
    foreground, background = torch.rand(batch, height, width, channels), torch.rand(1, tall, wide, 3)
    if as_bytes:
        foreground = foreground.mul(255).byte()
    alpha = torch.rand(batch, height, width)
    before = foreground.clone(), alpha.clone(), background.clone()
    blended = composite(foreground, alpha, background)
    assert blended.shape == (batch, height, width, 3)
    assert blended.dtype == foreground.dtype
    assert cutout(foreground, alpha).shape == (batch, height, width, 4)
    assert all(torch.equal(*pair) for pair in zip(before, (foreground, alpha, background), strict=True))
