"""The guided filter against its published formula, and what refining promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.errors import Cancelled
from u2studio.shared_core.imaging import guided_filter as module
from u2studio.shared_core.imaging.guided_filter import box_mean, fast_guided_filter, guided_filter, refine_alpha


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


def disc(size: int, radius: float) -> torch.Tensor:
    """A disc with an edge one pixel soft, [size, size]."""
    y, x = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="ij")
    return (radius - torch.hypot(y - size / 2, x - size / 2) + 0.5).clamp(0, 1)


def scene(size: int = 200) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A photo of an orange disc before a noisy blue wall, its true alpha, and that alpha as a network twelve times smaller would give it."""
    alpha = disc(size, size * 0.3)
    noise = torch.rand(size, size, 3, generator=torch.Generator().manual_seed(1)) * 0.04
    image = alpha[..., None] * torch.tensor([0.8, 0.5, 0.1]) + (1 - alpha[..., None]) * torch.tensor([0.2, 0.3, 0.7]) + noise
    small = torch.nn.functional.interpolate(alpha[None, None], size=(size // 12, size // 12), mode="area")
    coarse = torch.nn.functional.interpolate(small, size=(size, size), mode="bilinear")[0]
    return image.clamp(0, 1)[None], alpha[None], coarse


class TestRefineAlpha:
    def test_finds_the_true_edge(self):
        image, truth, coarse = scene()
        before, after = (coarse - truth).abs().mean(), (refine_alpha(image, coarse, 18) - truth).abs().mean()
        assert after < before / 8

    def test_leaves_what_is_far_from_an_edge_as_it_was(self):
        image, _, _ = scene()
        alpha = torch.zeros(1, 200, 200)
        alpha[:, :, 100:] = 0.997
        refined = refine_alpha(image, alpha, 15)
        assert torch.equal(refined[:, :, :84], alpha[:, :, :84])
        assert torch.equal(refined[:, :, 116:], alpha[:, :, 116:])
        assert not torch.equal(refined, alpha)

    def test_never_overshoots_the_neighbourhood(self):
        image, _, coarse = scene()
        refined = refine_alpha(image, 0.3 + 0.5 * coarse, 18)  # between 0.3 and 0.8
        assert float(refined.min()) >= 0.3 - 1e-5
        assert float(refined.max()) <= 0.8 + 1e-5

    def test_a_hard_mask_of_a_large_picture_stays_within_0_and_1(self):
        y, x = torch.meshgrid(torch.arange(512), torch.arange(512), indexing="ij")
        alpha = ((x - 250) ** 2 + (y - 260) ** 2 < 180**2).float()[None]
        refined = refine_alpha(torch.rand(1, 512, 512, 3, generator=torch.Generator().manual_seed(3)), alpha, 24.0)
        assert float(refined.min()) >= 0
        assert float(refined.max()) <= 1

    def test_zero_width_is_a_copy(self):
        image, _, coarse = scene(60)
        refined = refine_alpha(image, coarse, 0)
        assert torch.equal(refined, coarse)
        assert refined.data_ptr() != coarse.data_ptr()

    @pytest.mark.parametrize("edge_width", [3, 14])
    def test_tiles_change_nothing(self, monkeypatch, edge_width):
        image, _, coarse = scene()
        whole = refine_alpha(image, coarse, edge_width)
        monkeypatch.setattr(module, "_TILE", 24)
        torch.testing.assert_close(refine_alpha(image, coarse, edge_width), whole, atol=1e-4, rtol=0)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(1, 3), st.integers(1, 70), st.integers(1, 70), st.floats(0, 200), st.booleans())
    def test_any_size_keeps_range_and_inputs(self, batch, height, width, edge_width, as_bytes):
        image = torch.rand(batch, height, width, 3)
        image = image.mul(255).byte() if as_bytes else image
        alpha = torch.rand(batch, height, width).round()
        image_before, alpha_before = image.clone(), alpha.clone()
        refined = refine_alpha(image, alpha, edge_width)
        assert refined.shape == alpha.shape
        assert refined.dtype == torch.float32
        assert 0 <= float(refined.min()) <= float(refined.max()) <= 1
        assert torch.equal(image, image_before)
        assert torch.equal(alpha, alpha_before)

    def test_reports_and_can_be_stopped(self):
        image, _, coarse = scene(60)
        seen = []

        def stop(done, total, note):
            seen.append((done, total))
            raise Cancelled

        with pytest.raises(Cancelled):
            refine_alpha(image.expand(2, -1, -1, -1), coarse.expand(2, -1, -1), 12, stop)
        assert seen == [(1, 2)]
