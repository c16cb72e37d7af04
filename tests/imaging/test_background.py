"""Backgrounds: gradients with known colours, and a blur the subject has no part in."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging import background as module
from u2studio.shared_core.imaging.background import blurred_background, gradient

RED, BLUE = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])


@pytest.mark.parametrize(("angle", "first", "last"), [(0, (10, 0), (10, 39)), (90, (0, 20), (29, 20)), (180, (10, 39), (10, 0)), (45, (0, 0), (29, 39))])
def test_a_gradient_runs_as_its_angle_says(angle, first, last):
    picture = torch.from_numpy(gradient(30, 40, "#ff0000", "#0000ff", angle)[0])
    torch.testing.assert_close(picture[first], RED, atol=1e-5, rtol=0)
    torch.testing.assert_close(picture[last], BLUE, atol=1e-5, rtol=0)


def test_the_subject_does_not_glow():
    image = BLUE.repeat(1, 80, 80, 1)
    alpha = torch.zeros(1, 80, 80)
    alpha[:, 20:60, 20:60] = 1
    image[alpha == 1] = RED
    blurred = blurred_background(image, alpha, 30)
    torch.testing.assert_close(blurred, BLUE.expand(1, 80, 80, 3), atol=1e-3, rtol=0)


def test_the_blur_has_the_width_of_its_gaussian():
    image = torch.zeros(1, 200, 200, 3)
    image[:, :, 100:] = 1
    row = blurred_background(image, torch.zeros(1, 200, 200), 40)[0, 100, :, 0]
    expected = torch.special.ndtr((torch.arange(200) - 99.5) / 20)
    torch.testing.assert_close(row[40:160], expected[40:160], atol=0.04, rtol=0)


@pytest.mark.parametrize("radius", [5, 33])
def test_strips_change_nothing(monkeypatch, radius):
    image, alpha = torch.rand(1, 150, 70, 3), torch.rand(1, 150, 70)
    whole = blurred_background(image, alpha, radius)
    monkeypatch.setattr(module, "_ROWS", 20)
    torch.testing.assert_close(blurred_background(image, alpha, radius), whole, atol=1e-5, rtol=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2), st.integers(1, 40), st.integers(1, 40), st.floats(0, 300), st.booleans(), st.sampled_from([3, 4]))
def test_any_picture_keeps_size_dtype_range_and_itself(batch, height, width, radius, as_bytes, channels):
    image, alpha = torch.rand(batch, height, width, channels), torch.rand(batch, height, width).round()
    image = image.mul(255).byte() if as_bytes else image
    before = image.clone()
    blurred = blurred_background(image, alpha, radius)
    assert blurred.shape == (batch, height, width, 3)
    assert blurred.dtype == image.dtype
    assert blurred.float().isfinite().all()
    assert 0 <= float(blurred.min()) <= float(blurred.max()) <= (255 if as_bytes else 1)
    assert torch.equal(image, before)
