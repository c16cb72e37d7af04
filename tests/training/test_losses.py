"""Losses on maps whose answer is known by hand, and their gradients against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core.training.matting.losses import TERMS, bce, deep_supervision, dice, edge, iou, side_weights_at, ssim
from u2studio.shared_core.training.matting.settings import Loss, SideWeights

SURE = 40.0
"""a logit whose sigmoid is 1 in float32"""


def logits(chances: Tensor) -> Tensor:
    return torch.where(chances > 0.5, SURE, -SURE)


def square(size: int = 24) -> Tensor:
    """A square of 8 × 8 in the middle, [1, 1, size, size]."""
    mask = torch.zeros(1, 1, size, size)
    mask[..., 8:16, 8:16] = 1
    return mask


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("truth", [torch.zeros(1, 1, 24, 24), torch.ones(1, 1, 24, 24), square()], ids=["empty", "full", "square"])
def test_a_perfect_map_costs_nothing(name: str, truth: Tensor) -> None:
    assert TERMS[name](logits(truth), truth).item() == pytest.approx(0, abs=1e-5)


def test_one_pixel() -> None:
    truth = torch.zeros(1, 1, 8, 8)
    truth[..., 3, 3] = 1
    nothing = logits(torch.zeros_like(truth))
    assert bce(nothing, truth).item() == pytest.approx(SURE / 64)
    assert dice(nothing, truth).item() == pytest.approx(1 - 1 / 2)
    assert iou(nothing, truth).item() == pytest.approx(1 - 1 / 2)


def test_undecided_everywhere() -> None:
    truth, undecided = square(), torch.zeros(1, 1, 24, 24)
    assert bce(undecided, truth).item() == pytest.approx(math.log(2))
    assert dice(undecided, truth).item() == pytest.approx(1 - (2 * 32 + 1) / (288 + 64 + 1))
    assert iou(undecided, truth).item() == pytest.approx(1 - 33 / (288 + 64 - 32 + 1))


def test_the_opposite() -> None:
    truth = square()
    wrong = logits(1 - truth)
    assert bce(wrong, truth).item() == pytest.approx(SURE)
    assert dice(wrong, truth).item() == pytest.approx(1 - 1 / (24 * 24 + 1))
    assert ssim(wrong, truth).item() > 0.9


def test_dice_and_iou_weigh_every_picture_alike() -> None:
    truth = torch.cat((square(), torch.ones(1, 1, 24, 24)))
    found = torch.cat((logits(torch.zeros(1, 1, 24, 24)), logits(torch.ones(1, 1, 24, 24))))
    assert dice(found, truth).item() == pytest.approx((1 - 1 / 65) / 2, abs=1e-6)
    assert iou(found, truth).item() == pytest.approx((1 - 1 / 65) / 2, abs=1e-6)


def test_ssim_equals_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    random = np.random.default_rng(0)
    chance, truth = random.uniform(0.05, 0.95, (40, 40)), random.uniform(0, 1, (40, 40))
    chance, truth = np.pad(chance, 30, mode="edge"), np.pad(truth, 30, mode="edge")  # so that borders, extended in another way there, count little
    _, full = metrics.structural_similarity(chance, truth, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True)
    as_logits = torch.from_numpy(np.log(chance / (1 - chance)))[None, None]
    assert ssim(as_logits, torch.from_numpy(truth)[None, None]).item() == pytest.approx(1 - full.mean(), abs=1e-6)


@pytest.mark.parametrize("flip", [False, True], ids=["diagonal", "other diagonal"])
def test_edges_count_alike_on_both_diagonals(flip: bool) -> None:
    y, x = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    truth = ((x + y > 15) if flip else (x > y)).float()[None, None]
    found = logits(torch.zeros_like(truth))
    # along a hard diagonal edge |gx| = |gy| = 3/4 in the two rows beside it, 1/4 in the next; their sum would be 0 on one of the two
    inner = edge(found[..., 3:-3, 3:-3], truth[..., 3:-3, 3:-3]).item()
    assert inner > 0.1
    assert edge(found, truth).item() == pytest.approx(edge(logits(torch.zeros_like(truth)), truth.flip(-1)).item(), rel=1e-6)


def test_an_upright_edge_is_one_on_both_sides() -> None:
    truth = torch.zeros(1, 1, 10, 10)
    truth[..., 5:] = 1
    assert edge(logits(torch.zeros_like(truth)), truth).item() == pytest.approx(2 / 10, abs=1e-3)


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    random = torch.Generator().manual_seed(0)
    found = torch.randn(2, 1, 6, 7, dtype=torch.float64, generator=random, requires_grad=True)
    truth = torch.rand(2, 1, 6, 7, dtype=torch.float64, generator=random)
    assert torch.autograd.gradcheck(lambda x: TERMS[name](x, truth), (found,), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("logit", [-1e4, 0.0, 1e4])
def test_gradients_stay_finite(name: str, logit: float) -> None:
    found = torch.full((1, 1, 12, 12), logit, requires_grad=True)
    TERMS[name](found, torch.zeros(1, 1, 12, 12)).backward()
    assert found.grad is not None
    assert torch.isfinite(found.grad).all()


def test_seven_equal_terms_by_default() -> None:
    outputs = [torch.full((1, 1, 4, 4), float(index)) for index in range(7)]
    truth = torch.ones(1, 1, 4, 4)
    terms = deep_supervision(outputs, truth, Loss(), 0)
    assert set(terms) == {"bce"}
    assert terms["bce"].item() == pytest.approx(sum(math.log1p(math.exp(-index)) for index in range(7)))


def test_terms_and_outputs_are_weighted() -> None:
    outputs = [torch.full((1, 1, 4, 4), float(index)) for index in range(7)]
    truth = torch.ones(1, 1, 4, 4)
    only_second = (SideWeights(weights=(0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0)),)
    terms = deep_supervision(outputs, truth, Loss(bce=0.5, dice=3.0, sides=only_second), 0)
    assert terms["bce"].item() == pytest.approx(math.log1p(math.exp(-1)))
    assert terms["dice"].item() == pytest.approx(6 * dice(outputs[1], truth).item())


@pytest.mark.parametrize(("step", "expected"), [(0, 1.0), (10, 1.0), (15, 0.5), (20, 0.0), (99, 0.0)])
def test_side_weights_change_evenly_between_knots(step: int, expected: float) -> None:
    knots = (SideWeights(step=20, weights=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)), SideWeights(step=10))
    assert side_weights_at(knots, step) == pytest.approx((1.0,) + (expected,) * 6)
