"""Closed-form matting: hair comes back, tiles do not show, and a missing package is said plainly."""

from __future__ import annotations

import sys

import pytest
import torch

from u2studio.shared_core.errors import BadInput, Cancelled
from u2studio.shared_core.imaging import closed_form as module
from u2studio.shared_core.imaging.closed_form import closed_form_alpha
from u2studio.shared_core.imaging.trimap import make_trimap


def hairy(size: int = 120) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A brown head with soft hairs before a smooth blue-green wall: image, its true alpha, and a trimap."""
    y, x = torch.meshgrid(torch.arange(size) + 0.5 - size / 2, torch.arange(size) + 0.5 - size / 2, indexing="ij")
    distance, angle = torch.hypot(y, x), torch.atan2(y, x)
    head = (size * 0.25 - distance + 0.5).clamp(0, 1)
    hairs = (torch.cos(angle * 24).clamp(min=0) ** 4 * ((size * 0.4 - distance) / 8).clamp(0, 1)) * 0.9
    alpha = torch.maximum(head, hairs)
    wall = torch.stack((0.1 + 0 * x, 0.4 + 0.2 * x / size, 0.7 - 0.2 * y / size), -1)
    image = alpha[..., None] * torch.tensor([0.45, 0.25, 0.12]) + (1 - alpha[..., None]) * wall
    trimap = torch.full((size, size), 0.5)
    trimap[distance < size * 0.2] = 1
    trimap[distance > size * 0.45] = 0
    return image[None], alpha[None], trimap[None]


class TestWithPymatting:
    @pytest.fixture(autouse=True)
    def _needs_pymatting(self):
        pytest.importorskip("pymatting", reason="the extra [closed-form] is not installed")

    def test_it_can_be_stopped_within_a_tile(self):
        calls = 0

        def stop(done: int, total: int, note: str) -> None:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise Cancelled

        image, _, trimap = hairy()
        with pytest.raises(Cancelled):
            closed_form_alpha(image, trimap, None, stop)
        assert calls == 3

    def test_hair_comes_back(self):
        image, truth, trimap = hairy()
        solved = closed_form_alpha(image, trimap)
        unknown = trimap == 0.5
        assert float((solved - truth).abs()[unknown].mean()) < 0.02
        assert torch.equal(solved[~unknown], trimap[~unknown])

    def test_what_was_believed_is_improved(self):
        image, truth, _ = hairy()
        believed = torch.nn.functional.avg_pool2d(truth, 9, 1, 4, count_include_pad=False)
        trimap = make_trimap(believed, 6, 6)
        solved = closed_form_alpha(image, trimap, believed)
        assert float((solved - truth).abs().mean()) < 0.6 * float((believed - truth).abs().mean())

    def test_tiles_do_not_show(self, monkeypatch):
        image, truth, trimap = hairy()
        monkeypatch.setattr(module, "_SIDE", 60)
        monkeypatch.setattr(module, "_OVERLAP", 20)
        solved = closed_form_alpha(image, trimap)
        assert float((solved - truth).abs()[trimap == 0.5].mean()) < 0.05

    @pytest.mark.parametrize("size", [(1, 1), (2, 7), (3, 3), (9, 1)])
    def test_the_smallest_pictures(self, size):
        solved = closed_form_alpha(torch.rand(1, *size, 3), torch.full((1, *size), 0.5), torch.full((1, *size), 0.3))
        assert solved.shape == (1, *size)
        assert 0 <= float(solved.min()) <= float(solved.max()) <= 1

    def test_bytes_and_inputs(self):
        image, _, trimap = hairy(40)
        image = image.mul(255).byte().expand(2, -1, -1, -1)
        trimap = trimap.expand(2, -1, -1)
        before = image.clone(), trimap.clone()
        assert closed_form_alpha(image, trimap).shape == trimap.shape
        assert torch.equal(image, before[0])
        assert torch.equal(trimap, before[1])


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(BadInput, match="pip install pymatting"):
        closed_form_alpha(torch.rand(1, 8, 8, 3), torch.full((1, 8, 8), 0.5))
