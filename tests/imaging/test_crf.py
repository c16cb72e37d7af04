"""The dense CRF: right unaries, right edges, and a missing package is said plainly."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging import crf as module
from u2studio.shared_core.imaging.crf import crf_alpha, unary_energies


def test_each_label_has_its_own_row_of_energies():
    energies = unary_energies(np.array([[0.0, 0.25], [0.5, 1.0]], np.float32))
    assert energies.shape == (2, 4)
    assert energies.dtype == np.float32
    assert energies.flags.c_contiguous
    expected = [[1e-6, -np.log(0.75), np.log(2), -np.log(1e-6)], [-np.log(1e-6), -np.log(0.25), np.log(2), 1e-6]]
    np.testing.assert_allclose(energies, expected, atol=1e-5)


def scene() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """An orange square before blue, its alpha, and that alpha blurred and doubtful."""
    truth = torch.zeros(1, 90, 100)
    truth[:, 25:65, 30:75] = 1
    image = truth[..., None] * torch.tensor([0.9, 0.5, 0.1]) + (1 - truth[..., None]) * torch.tensor([0.1, 0.2, 0.6])
    coarse = torch.nn.functional.avg_pool2d(truth, 15, 1, 7, count_include_pad=False)
    return image, truth, 0.15 + 0.7 * coarse


class TestWithDenseCrf:
    @pytest.fixture(autouse=True)
    def _needs_densecrf(self):
        pytest.importorskip("pydensecrf.densecrf", reason="the extra [crf] is not installed")

    @pytest.mark.parametrize("as_bytes", [False, True])
    def test_the_edge_is_found(self, as_bytes):
        image, truth, coarse = scene()
        image = image.mul(255).byte() if as_bytes else image
        before = image.clone(), coarse.clone()
        agreed = crf_alpha(image, coarse, 12)
        assert torch.equal(agreed > 0.5, truth > 0.5)
        assert float((agreed - truth).abs().mean()) < 0.01
        assert torch.equal(image, before[0])
        assert torch.equal(coarse, before[1])

    def test_tiles_do_not_show(self, monkeypatch):
        image, truth, coarse = scene()
        monkeypatch.setattr(module, "_SIDE", 64)
        assert torch.equal(crf_alpha(image, coarse, 6) > 0.5, truth > 0.5)

    def test_a_picture_without_an_edge_stays(self):
        alpha = torch.full((2, 20, 30), 0.3)
        torch.testing.assert_close(crf_alpha(torch.rand(2, 20, 30, 3), alpha, 5), alpha)


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydensecrf.densecrf", None)
    with pytest.raises(BadInput, match="pip install pydensecrf2"):
        crf_alpha(torch.rand(1, 8, 8, 3), torch.rand(1, 8, 8), 5)
