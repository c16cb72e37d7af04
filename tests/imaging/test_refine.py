"""Refining: the true edge is found, and everything far from an edge stays."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.errors import Cancelled
from u2studio.shared_core.imaging import refine as module
from u2studio.shared_core.imaging.refine import refine_alpha


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
