"""Foreground colours: known answers where the true colours are known."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from u2studio.shared_core.imaging import foreground as module
from u2studio.shared_core.imaging.foreground import estimate_foreground

RED, BLUE = torch.tensor([0.8, 0.2, 0.1]), torch.tensor([0.1, 0.3, 0.9])


def ramp(height: int = 60, width: int = 120) -> tuple[torch.Tensor, torch.Tensor]:
    """A red subject left, a blue background right, forty pixels of transition: image and alpha."""
    alpha = ((80 - torch.arange(width)) / 40).clamp(0, 1).expand(1, height, width)
    return alpha[..., None] * RED + (1 - alpha[..., None]) * BLUE, alpha


def test_the_background_no_longer_shines_through():
    image, alpha = ramp()
    error = (estimate_foreground(image, alpha) - RED).abs().amax(-1)
    assert float((error * alpha).max()) < 0.03


@pytest.mark.parametrize("as_bytes", [False, True])
def test_opaque_and_clear_pixels_are_exactly_the_image(as_bytes):
    image, alpha = torch.rand(2, 50, 60, 3), torch.rand(2, 50, 60)
    alpha = torch.where(alpha < 0.3, 0, torch.where(alpha > 0.6, 1, alpha))
    image = image.mul(255).byte() if as_bytes else image
    foreground = estimate_foreground(image, alpha)
    assert foreground.dtype == image.dtype
    known = (alpha == 0) | (alpha == 1)
    assert torch.equal(foreground[known], image[known])


def test_tiles_change_nothing(monkeypatch):
    image, alpha = torch.rand(1, 90, 130, 3), torch.rand(1, 90, 130)
    whole = estimate_foreground(image, alpha)
    monkeypatch.setattr(module, "_TILE", 32)
    torch.testing.assert_close(estimate_foreground(image, alpha), whole, atol=1e-4, rtol=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 50), st.integers(1, 50), st.booleans(), st.sampled_from([3, 4]))
def test_any_size_keeps_range_and_inputs(batch, height, width, as_bytes, channels):
    image, alpha = torch.rand(batch, height, width, channels), torch.rand(batch, height, width)
    image = image.mul(255).byte() if as_bytes else image
    before = image.clone(), alpha.clone()
    foreground = estimate_foreground(image, alpha)
    assert foreground.shape == (batch, height, width, 3)
    assert 0 <= float(foreground.min()) <= float(foreground.max()) <= (255 if as_bytes else 1)
    assert torch.equal(image, before[0])
    assert torch.equal(alpha, before[1])


@pytest.mark.skipif("U2STUDIO_DATA" not in os.environ, reason="U2STUDIO_DATA names no folder of test data")
@pytest.mark.parametrize(("name", "allowed"), [("human01", 4.5), ("human02", 5.2), ("human03", 5.3)])
def test_error_on_real_cut_outs(name, allowed):
    """Mean error of alpha·F in levels where 0 < alpha < 1; pymatting's multi-level estimation has 4.50, 5.16, 4.87, the image itself 7.2, 9.5, 8.7."""
    folder = Path(os.environ["U2STUDIO_DATA"]) / "matting"
    image = torch.from_numpy(np.array(Image.open(folder / f"{name}_image.jpg").convert("RGB")))[None]
    truth = np.array(Image.open(folder / f"{name}_cutout.png"))
    alpha = truth[..., 3].astype(np.float32) / 255
    estimated = estimate_foreground(image, torch.from_numpy(alpha)[None])[0].numpy().astype(np.float32)
    error = np.abs(estimated - truth[..., :3]).mean(-1) * alpha
    assert error[(alpha > 0) & (alpha < 1)].mean() < allowed
