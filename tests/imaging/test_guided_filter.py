"""The guided filter against its published formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging import guided_filter as module
from u2studio.shared_core.imaging.guided_filter import fast_guided_filter, guided_filter
from u2studio.shared_core.imaging.planes import box_mean


def published(guide: np.ndarray, alpha: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """He et al. 2013, equations 19 to 21, window by window in float64."""
    height, width = alpha.shape
    a, b = np.zeros((height, width, 3)), np.zeros((height, width))

    def window(y, x):
        return slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)

    for y in range(height):
        for x in range(width):
            colours, values = guide[window(y, x)].reshape(-1, 3), alpha[window(y, x)].reshape(-1)
            covariance = np.cov(colours.T, bias=True) + eps * np.eye(3)
            a[y, x] = np.linalg.solve(covariance, (colours * values[:, None]).mean(0) - colours.mean(0) * values.mean())
            b[y, x] = values.mean() - a[y, x] @ colours.mean(0)
    filtered = np.zeros_like(alpha)
    for y in range(height):
        for x in range(width):
            filtered[y, x] = a[window(y, x)].reshape(-1, 3).mean(0) @ guide[y, x] + b[window(y, x)].mean()
    return filtered


@pytest.mark.parametrize(("height", "width", "radius", "eps"), [(23, 31, 4, 1e-4), (9, 40, 12, 1e-2), (17, 5, 1, 1e-6), (1, 8, 2, 1e-3)])
def test_meets_the_published_formula(height, width, radius, eps):
    random = np.random.default_rng(height)
    guide, alpha = random.random((height, width, 3), dtype=np.float32), random.random((height, width), dtype=np.float32)
    ours = guided_filter(torch.from_numpy(guide)[None], torch.from_numpy(alpha)[None], radius, eps)[0].numpy()
    np.testing.assert_allclose(ours, published(guide.astype(np.float64), alpha.astype(np.float64), radius, eps), atol=1e-5)


@pytest.mark.parametrize("subsample", [1, 2, 3])
def test_tiles_change_nothing(monkeypatch, subsample):
    guide, alpha = torch.rand(2, 70, 91, 3), torch.rand(2, 70, 91)
    whole = fast_guided_filter(guide, alpha, 6, 1e-4, subsample)
    monkeypatch.setattr(module, "_TILE", 12)
    torch.testing.assert_close(fast_guided_filter(guide, alpha, 6, 1e-4, subsample), whole, atol=1e-5, rtol=0)


def test_bytes_and_floats_agree():
    guide, alpha = torch.randint(0, 256, (1, 40, 30, 3), dtype=torch.uint8), torch.rand(1, 40, 30)
    torch.testing.assert_close(guided_filter(guide, alpha, 3, 1e-4), guided_filter(guide.float() / 255, alpha, 3, 1e-4), atol=1e-6, rtol=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60))
def test_box_mean_is_the_mean_of_the_window(height, width, radius):
    plane = torch.rand(height, width, dtype=torch.float64)
    y, x = height // 2, width - 1
    expected = plane[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].mean()
    assert box_mean(plane, radius)[y, x] == pytest.approx(float(expected), abs=1e-12)


def test_fast_filter_is_close_on_a_smooth_picture():
    y, x = torch.meshgrid(torch.linspace(0, 1, 240), torch.linspace(0, 1, 320), indexing="ij")
    guide = torch.stack((x, y, x * y), -1)[None]
    alpha = (0.3 + 0.4 * x * x)[None]
    exact = guided_filter(guide, alpha, 16, 1e-3)
    torch.testing.assert_close(fast_guided_filter(guide, alpha, 16, 1e-3, 4), exact, atol=0.01, rtol=0)
    torch.testing.assert_close(fast_guided_filter(guide, alpha, 16, 1e-3, 1), exact)
