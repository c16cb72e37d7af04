"""How close an alpha is to the true alpha: the four errors of the matting literature, lower is better.

Convention: nothing is stretched. Sums are in thousands, as papers print them: SAD, gradient and connectivity errors are sums over pixels divided
by 1000, the MSE is a mean. With a trimap only its unknown pixels (neither 0 nor 1) are summed, as alphamatting.com does; without one, all.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from .pair import Picture, as_alpha

__all__ = ["connectivity_error", "gradient_error", "matte_errors", "mse", "sad"]

Alpha = NDArray[np.float64]
Region = NDArray[np.bool_]

SIGMA = 1.4
HALF_WIDTH = math.ceil(SIGMA * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * SIGMA * 0.01)))
POSITIONS = np.arange(-HALF_WIDTH, HALF_WIDTH + 1.0)
SMOOTH = np.exp(-(POSITIONS**2) / (2 * SIGMA**2))
SLOPE = POSITIONS * SMOOTH
SMOOTH, SLOPE = SMOOTH / np.linalg.norm(SMOOTH), SLOPE / np.linalg.norm(SLOPE)

STEPS = 10
THETA = 0.15


def matte_errors(prediction: Picture, truth: Picture, *, trimap: Picture | None = None) -> dict[str, float]:
    """All four: "sad", "mse", "grad", "conn".

    Args:
        prediction: [H, W], uint8, uint16, bool, or floating point in 0..1.
        truth: the true alpha, [H, W], the same kinds.
        trimap: [H, W], the same kinds; only pixels that are neither black nor white count.
    Raises: BadInput, when the sizes differ or the trimap leaves nothing unknown.
    """
    given, true = as_alpha(prediction), as_alpha(truth)
    drawn = np.full(true.shape, 0.5) if trimap is None else as_alpha(trimap)
    if not given.shape == true.shape == drawn.shape:
        raise BadInput("Prediction, true alpha and trimap must be of one size, not {sizes}.",
                       sizes=", ".join("×".join(map(str, plane.shape[::-1])) for plane in (given, true, drawn)))  # fmt: skip
    unknown = (drawn > 0) & (drawn < 1)
    if not unknown.any():
        raise BadInput("The trimap has no unknown pixels, so there is nothing to measure.")
    measures = {"sad": sad, "mse": mse, "grad": gradient_error, "conn": connectivity_error}
    return {name: measure(given, true, unknown) for name, measure in measures.items()}


def sad(prediction: Alpha, truth: Alpha, region: Region) -> float:
    """Sum of absolute differences over the region, in thousands."""
    return float(np.abs(prediction - truth)[region].sum() / 1000)


def mse(prediction: Alpha, truth: Alpha, region: Region) -> float:
    """Mean squared difference over the region."""
    return float(((prediction - truth)[region] ** 2).mean())


def gradient_error(prediction: Alpha, truth: Alpha, region: Region) -> float:
    """Sum of squared differences of gradient magnitudes (Gaussian derivatives, σ 1.4), in thousands.

    Source: Rhemann et al. 2009; window width and kernel scale of the program that Xu et al. 2017 published, which papers since use.
    """
    return float(((_gradient(prediction) - _gradient(truth))[region] ** 2).sum() / 1000)


def connectivity_error(prediction: Alpha, truth: Alpha, region: Region) -> float:
    """Sum of differences in how firmly a pixel hangs on the subject, in thousands.

    A pixel's level is the highest of 0.1, 0.2, …, 1 at which it is 4-connected to the largest part that both alphas hold there, with those below;
    what an alpha has beyond that level counts from 0.15 on.
    Source: Rhemann et al. 2009, θ 0.15; ten steps and the largest common part as in the program that Xu et al. 2017 published.
    """
    common = np.minimum(prediction, truth)
    level = np.ones(truth.shape)
    settled = np.zeros(truth.shape, np.bool_)
    for step in range(1, STEPS + 1):
        outside = ~_largest_part(common >= step / STEPS)
        level[outside & ~settled] = (step - 1) / STEPS
        settled |= outside
    return float(np.abs(_excess(prediction - level) - _excess(truth - level))[region].sum() / 1000)


def _gradient(alpha: Alpha) -> Alpha:
    across = cv2.sepFilter2D(alpha, -1, SLOPE, SMOOTH, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(alpha, -1, SMOOTH, SLOPE, borderType=cv2.BORDER_REPLICATE)
    return np.hypot(across, down)


def _largest_part(mask: Region) -> Region:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)
    if len(statistics) == 1:
        return np.zeros(mask.shape, np.bool_)
    return labels == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()


def _excess(distance: Alpha) -> Alpha:
    return np.where(distance >= THETA, distance, 0.0)
