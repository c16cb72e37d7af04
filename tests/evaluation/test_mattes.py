"""The four matting errors, by hand and against slow readings of the published definitions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

from u2studio.shared_core import BadInput
from u2studio.shared_core.evaluation.mattes import matte_errors

Alpha = NDArray[np.float64]


def hairy(seed: int) -> Alpha:
    """An alpha with a firm body, soft edge and loose islands, in 256 levels."""
    random = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(random.normal(size=(64, 80)), 3) * 6 + np.exp(-(np.hypot(*np.mgrid[-32:32, -40:40] / 16) ** 2)) * 2 - 0.3
    return np.rint(np.clip(rough, 0, 1) * 255) / 255


def published_gradient_error(prediction: Alpha, truth: Alpha) -> float:
    """With the two-dimensional kernels the published program builds."""
    sigma, epsilon = 1.4, 1e-2
    half = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * epsilon))))
    u = np.arange(-half, half + 1)
    gauss = np.exp(-(u**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
    kernel = np.outer(gauss, -u * gauss / sigma**2)
    kernel /= np.sqrt((kernel**2).sum())
    size = [np.hypot(ndimage.convolve(a, kernel, mode="nearest"), ndimage.convolve(a, kernel.T, mode="nearest")) for a in (prediction, truth)]
    return float(((size[0] - size[1]) ** 2).sum() / 1000)


def published_connectivity_error(prediction: Alpha, truth: Alpha) -> float:
    """Step by step, with scikit-image's labels."""
    level = np.full(truth.shape, -1.0)
    steps = np.linspace(0, 1, 11).round(1)
    for before, step in pairwise(steps):
        parts = np.asarray(label((prediction >= step) & (truth >= step), connectivity=1))
        sizes = np.bincount(parts.ravel())[1:]
        largest = parts == 1 + sizes.argmax() if sizes.size else np.zeros(parts.shape, bool)
        level[(level == -1) & ~largest] = before
    level[level == -1] = 1
    phi = [1 - (a - level) * (a - level >= 0.15) for a in (prediction, truth)]
    return float(np.abs(phi[0] - phi[1]).sum() / 1000)


@pytest.mark.parametrize("seed", range(5))
def test_gradient_and_connectivity_are_the_published_ones(seed: int) -> None:
    prediction, truth = hairy(seed), hairy(seed + 100)
    errors = matte_errors(prediction, truth)
    assert errors["grad"] == pytest.approx(published_gradient_error(prediction, truth), rel=1e-9)
    assert errors["conn"] == pytest.approx(published_connectivity_error(prediction, truth), rel=1e-9)
    assert min(errors.values()) > 0


def test_equal_alphas_have_no_error() -> None:
    assert set(matte_errors(hairy(1), hairy(1)).values()) == {0.0}


def test_half_grey_against_nothing() -> None:
    errors = matte_errors(np.full((40, 50), 0.5), np.zeros((40, 50)))
    assert errors == pytest.approx({"sad": 1.0, "mse": 0.25, "grad": 0.0, "conn": 1.0})


def test_a_step_the_connectivity_error_forgives() -> None:
    """Both hang on the subject up to 0.8; what one has beyond that stays below θ = 0.15."""
    errors = matte_errors(np.full((10, 10), 0.94), np.full((10, 10), 0.8))
    assert errors["conn"] == 0
    assert errors["sad"] == pytest.approx(0.014)


def test_an_island_counts_by_connectivity_where_only_one_has_it() -> None:
    truth = np.zeros((30, 30))
    truth[5:15, 5:15] = 1
    prediction = truth.copy()
    prediction[25, 25] = 1
    assert matte_errors(prediction, truth)["conn"] == pytest.approx(0.001)


def test_a_trimap_limits_all_four() -> None:
    prediction, truth = hairy(3), hairy(4)
    trimap = np.zeros(truth.shape, np.uint8)
    trimap[10:30, 10:30], trimap[40:50, 40:50] = 128, 255
    errors = matte_errors(prediction, truth, trimap=trimap)
    everywhere = matte_errors(prediction, truth)
    assert errors["sad"] == pytest.approx(np.abs(prediction - truth)[10:30, 10:30].sum() / 1000)
    assert errors["mse"] == pytest.approx(((prediction - truth)[10:30, 10:30] ** 2).mean())
    assert 0 < errors["grad"] < everywhere["grad"]
    assert 0 < errors["conn"] < everywhere["conn"]


def test_sixteen_bits_are_kept() -> None:
    truth = np.full((10, 10), 1000, np.uint16)
    assert matte_errors(truth + np.uint16(1), truth)["sad"] == pytest.approx(0.1 / 65535)


def test_a_trimap_without_unknown_pixels_is_refused() -> None:
    with pytest.raises(BadInput, match="no unknown"):
        matte_errors(hairy(1), hairy(2), trimap=np.zeros((64, 80), np.uint8))


def test_sizes_must_agree() -> None:
    with pytest.raises(BadInput, match="80×64, 80×64, 5×5"):
        matte_errors(hairy(1), hairy(2), trimap=np.zeros((5, 5), np.uint8))
