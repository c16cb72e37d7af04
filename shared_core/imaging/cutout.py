"""The subject with its alpha as transparency, straight, not premultiplied; and a picture's values and colours as blending wants them."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from ..arrays import Array, as_array, floats, is_on_cpu, library
from .alone import each

__all__ = ["as_floats", "cutout", "rgb_of", "without_content"]

_ROWS = 512
"""joined at once"""


def cutout(foreground: Array, alpha: Array) -> Array:
    """The foreground with `alpha` as its fourth channel; colours stay as they are.

    Args:
        foreground: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is replaced.
        alpha: 0..1, [B, H, W].
    Returns: [B, H, W, 4], of the foreground's dtype.
    """
    made = without_content(foreground, 4)
    for one in range(len(alpha)):
        each(partial(_join, foreground[one], alpha[one], made[one]), [slice(y, y + _ROWS) for y in range(0, alpha.shape[1], _ROWS)], alpha)
    return made


def _join(foreground: Array, alpha: Array, made: Array, rows: slice) -> None:
    xp = library(made)
    if is_on_cpu(made) and made.dtype in (xp.uint8, xp.float32):  # five times as fast
        colour, opaque = np.ascontiguousarray(as_array(foreground[rows])), np.ascontiguousarray(as_array(floats(alpha[rows])))
        opaque = cv2.convertScaleAbs(opaque, alpha=255) if colour.dtype == np.uint8 else opaque
        place = as_array(made[rows])
        if colour.shape[2] == 4:
            np.copyto(place, colour)
        else:
            cv2.cvtColor(colour, cv2.COLOR_RGB2RGBA, dst=place)
        cv2.insertChannel(opaque, place, 3)
        return
    made[rows][..., :3], made[rows][..., 3] = foreground[rows][..., :3], xp.round(alpha[rows] * 255) if made.dtype == xp.uint8 else alpha[rows]


def rgb_of(image: Array) -> Array:
    """[B, H, W, 3 or 4] → its colours alone, [B, H, W, 3], of the same dtype, in memory of their own."""
    made = without_content(image, 3)
    made[:] = image[..., :3]
    return made


def as_floats(picture: Array) -> Array:
    """uint8 → float32 0..1; floats as they are."""
    made = floats(picture)
    if picture.dtype == library(picture).uint8:
        made /= 255
    return made


def without_content(image: Array, channels: int, width: int | None = None) -> Array:
    """[B, H, W, any] → [B, H, W or width, channels] not yet written, of the same dtype and in its place."""
    shape = (*image.shape[:2], image.shape[2] if width is None else width, channels)
    return np.empty(shape, image.dtype) if isinstance(image, np.ndarray) else image.new_empty(shape)
