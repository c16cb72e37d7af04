"""Planes made smaller to any size, by the means of the areas that new pixels stand for."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, alike, as_array, is_on_cpu

__all__ = ["area_means"]


def area_means(planes: Array, height: int, width: int) -> Array:
    """Every pixel is the mean of the whole pixels that its area touches.

    Args:
        planes: float32, [C, H, W].
        height: target, in pixels, at most H.
        width: target, in pixels, at most W.
    Returns: float32, [C, height, width].
    """
    if is_on_cpu(planes):
        return alike(_means_along(_means_along(as_array(planes), 1, height), 2, width), planes)
    import torch.nn.functional as F

    return F.interpolate(planes[None], size=(height, width), mode="area")[0]


def _means_along(planes: np.ndarray, axis: int, count: int) -> np.ndarray:
    length, before = planes.shape[axis], (slice(None),) * axis
    made = np.empty((*planes.shape[:axis], count, *planes.shape[axis + 1 :]), np.float32)
    for place in range(count):
        area = slice(place * length // count, -(-(place + 1) * length // count))
        planes[(*before, area)].mean(axis, out=made[(*before, place)])
    return made
