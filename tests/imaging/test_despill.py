"""Despill: what a screen casts goes, everything else stays."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.despill import despill

LUMA = torch.tensor([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("screen", "channel"), [("green", 1), ("blue", 2)])
def test_nothing_stays_greener_than_its_other_channels(screen, channel):
    image = torch.rand(1, 30, 30, 3) * 0.8
    cleaned = despill(image, screen)
    others = cleaned[..., [c for c in range(3) if c != channel]].amax(-1)
    assert (cleaned[..., channel] <= others + 1e-6).all()
    torch.testing.assert_close(cleaned @ LUMA, image @ LUMA, atol=1e-5, rtol=0)


@pytest.mark.parametrize("colour", [[0.9, 0.9, 0.1], [0.1, 0.8, 0.8], [0.5, 0.5, 0.5], [0.9, 0.6, 0.5]])
def test_yellow_cyan_gray_and_skin_stay(colour):
    image = torch.tensor(colour).expand(1, 2, 2, 3)
    torch.testing.assert_close(despill(image, "green"), image)


def test_strength_is_a_share():
    image = torch.tensor([0.2, 0.6, 0.2]).expand(1, 1, 1, 3)
    assert torch.equal(despill(image, "green", 0), image)
    half = despill(image, "green", 0.5)[0, 0, 0]
    assert float(half[1] - half[0]) == pytest.approx(0.2, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2), st.integers(1, 20), st.integers(1, 20), st.booleans(), st.sampled_from([3, 4]), st.sampled_from(["green", "blue"]))
def test_any_picture_keeps_shape_dtype_fourth_channel_and_itself(batch, height, width, as_bytes, channels, screen):
    image = torch.rand(batch, height, width, channels)
    image = image.mul(255).byte() if as_bytes else image
    before = image.clone()
    cleaned = despill(image, screen)
    assert cleaned.shape == image.shape
    assert cleaned.dtype == image.dtype
    assert torch.equal(cleaned[..., 3:], image[..., 3:])
    assert torch.equal(image, before)
