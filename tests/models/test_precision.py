from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from u2studio.shared_core.models.cards import Card, Profile, card
from u2studio.shared_core.models.precision import Difference, differences, pictures, samples, sensitivity, stretched

MASK, CLASSES = card("u2netp"), card("u2net_cloth_seg")


def logits(classes: int) -> torch.Tensor:
    """From far below to far above where float32 can tell a sigmoid from 0 and 1."""
    return torch.randn(1, classes, 40, 30, generator=torch.Generator().manual_seed(3)) * torch.linspace(0.01, 150, 30)


@pytest.mark.parametrize("faint", [1.0, 1e-6])
def test_masks_are_stretched_as_pytorch_does_it(faint: float) -> None:
    given = logits(1) + float(np.log(faint))
    mask = given.sigmoid()
    low, high = mask.aminmax()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, doubt = stretched(MASK, given.numpy()), sensitivity(MASK, given.numpy())
    np.testing.assert_allclose(found, ((mask - low) / (high - low)).numpy(), rtol=1e-5, atol=1e-6)
    assert doubt == pytest.approx(float((mask * (1 - mask)).mean() / (high - low)), rel=1e-5)
    assert sensitivity(MASK, given) == doubt
    assert np.array_equal(stretched(MASK, given), found)


def test_a_flat_mask_has_nothing_to_stretch() -> None:
    flat = np.full((1, 1, 4, 4), -3, np.float32)
    assert sensitivity(MASK, flat) == 0
    np.testing.assert_allclose(stretched(MASK, flat), torch.full((1, 1, 4, 4), -3.0).sigmoid(), rtol=1e-6)


def test_classes_are_as_probable_as_pytorch_says() -> None:
    given = logits(4)
    likely = given.softmax(1)
    np.testing.assert_allclose(stretched(CLASSES, given.numpy()), likely.numpy(), atol=1e-6)
    assert sensitivity(CLASSES, given.numpy()) == pytest.approx(float((likely * (1 - likely)).mean()), rel=1e-5)


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_what_a_network_gave_that_overflowed_is_within_no_limit(bad: float) -> None:
    broken = np.zeros((1, 4, 2, 2), np.float32)
    broken[0, 1, 1, 1] = bad
    assert not differences([stretched(CLASSES, np.zeros_like(broken))], [stretched(CLASSES, broken)]).within(Difference(mean=1, worst=1, flips=1))


@pytest.mark.parametrize("size", [224, 320, 1024])
@pytest.mark.parametrize("divide_by_max", [False, True])
def test_samples_are_resized_as_pytorch_does_it(size: int, divide_by_max: bool) -> None:
    how = replace(MASK.profile().preprocess, size=size, divide_by_max=divide_by_max)
    wanted: Card = replace(MASK, profiles={"default": Profile(preprocess=how, reading=MASK.profile().reading)})
    mean, std = (torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (how.mean, how.std))
    for picture, found in zip(pictures(), samples(wanted), strict=True):
        small = F.interpolate(torch.from_numpy(picture).double(), size=(size, size), mode="bilinear", align_corners=False, antialias=True).clamp_(0, 1)
        expected = ((small / small.amax() if divide_by_max else small) - mean) / std
        assert (found.shape, found.dtype) == ((1, 3, size, size), np.float32)
        np.testing.assert_allclose(found, expected.numpy(), atol=5e-6)
