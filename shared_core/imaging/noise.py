"""Whether a picture is nothing but noise."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, as_array
from .cutout import as_floats

__all__ = ["is_noise"]

_ROWS = 32
_UNRELATED = 0.2
"""Neighbours in photos correlate by 0.8 and more, also in grainy ones; in white noise by 0."""


def is_noise(image: Array) -> bool:
    """Whether neighbouring pixels know nothing of each other, which no photo of anything has.

    Args:
        image: one picture, uint8 or float32 0..1, [H, W, 3 or 4]; at most 32 evenly spread rows are looked at. A constant picture is not noise.
    """
    green = as_array(as_floats(image[:: -(-len(image) // _ROWS), :, 1]))
    if green.shape[1] < 2:
        return False
    here, beside = (green[:, part] - green.mean() for part in (slice(None, -1), slice(1, None)))
    scale = np.sqrt((here * here).mean() * (beside * beside).mean())
    return bool(scale > 1e-6) and bool((here * beside).mean() / scale < _UNRELATED)
