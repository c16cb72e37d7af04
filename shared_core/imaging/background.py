"""Backgrounds to place a subject over: a gradient, or the photo's own background out of focus. Pictures are scaled by `composite.cover`."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Array, empty, floats, library
from .alone import each
from .composite import colour_values
from .cutout import rgb_of
from .mixing import in_strips, interleaved, mix, stored
from .planes import box_mean, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["blurred_background", "gradient"]

_ROWS = 128
_SMALL_RADIUS = 8
"""The blur is done on a picture so small that its radius is about this many pixels."""


def gradient(height: int, width: int, first: str, second: str, angle: float) -> np.ndarray:
    """A linear gradient over the whole picture.

    Args:
        height: in pixels.
        width: in pixels.
        first: colour where it begins, "#rrggbb".
        second: colour where it ends.
        angle: direction in degrees: 0 runs from left to right, 90 from top to bottom.
    Returns: float32 0..1, [1, height, width, 3]; the corners it runs between have the two colours.
    """
    across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    length = max(abs(across) * (width - 1) + abs(down) * (height - 1), 1e-6)
    x, y = (_centred(width) * np.float32(across / length), _centred(height) * np.float32(down / length) + np.float32(0.5))
    begin, end = colour_values(first), colour_values(second)
    made = np.empty((1, height, width, 3), np.float32)

    def draw(rows: slice) -> None:
        mix(begin, end, (y[rows, None] + x).clip(0, 1), made[0, rows])

    in_strips(draw, made[0, ..., 0])
    return made


def blurred_background(image: Array, alpha: Array, radius: float) -> Array:
    """The photo out of focus, without the subject: its colours do not glow around it.

    Args:
        image: uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: of the subject, 0..1, [B, H, W]; what it covers does not enter the blur.
        radius: of the blur, in pixels, ≥ 0: a Gaussian with half of that as its sigma. Below one pixel the photo is returned as it is.
    Returns: [B, H, W, 3], of the image's dtype. Deep under the subject it is the mean colour of the background.
    """
    blurred = rgb_of(image)
    if radius < 1:
        return blurred
    block = max(1, round(radius / _SMALL_RADIUS))
    box = max(1, round(radius / block / 2))  # three boxes of this radius have about the variance of the Gaussian
    for one in range(len(image)):
        small = _means(image[one], alpha[one], block)
        whole = small.mean((1, 2), keepdims=True)
        small[3] = small[3].clip(1e-4)
        for _ in range(3):
            small = box_mean(small, box)
        colour = (small[:3] + 1e-3 * whole[:3] / whole[3].clip(1e-4)) / (small[3] + 1e-3)
        _enlarge_into(blurred[one], colour.clip(0, 1), block)
    return blurred


def _centred(length: int) -> np.ndarray:
    """Pixel centres along an axis, counted from its middle."""
    return np.arange(length, dtype=np.float32) + np.float32(0.5 - length / 2)


def _means(image: Array, alpha: Array, block: int) -> Array:
    """Block means of colour times background, and of background: [4, h, w]."""
    made = empty((4, *(-(-side // block) for side in alpha.shape)), alpha)
    rows = max(1, _ROWS // block)

    def shrink(top: int) -> None:
        part = slice(top * block, (top + rows) * block)
        clear = 1 - floats(alpha[part])
        made[:3, top : top + rows] = shrink_blocks(colour_planes(image[part]) * clear, block)
        made[3:, top : top + rows] = shrink_blocks(clear[None], block)

    each(shrink, range(0, made.shape[1], rows), alpha)
    return made


def _enlarge_into(picture: Array, small: Array, block: int) -> None:
    height, width, _ = picture.shape
    rows = max(1, _ROWS // block)
    top_level = 255 if picture.dtype == library(picture).uint8 else 1

    def enlarge(top: int) -> None:
        above, first, last = min(top, 1), top * block, min((top + rows) * block, height)
        part = small[:, top - above : top + rows + 1] * top_level
        large = enlarge_blocks(part, block, above * block + last - first, width)
        stored(interleaved(large[:, above * block : above * block + last - first]), picture[first:last])

    each(enlarge, range(0, small.shape[1], rows), picture)
