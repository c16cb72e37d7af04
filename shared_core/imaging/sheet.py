"""A sheet to judge a cut-out by: photo, alpha, and the cut-out over a checkerboard, side by side."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..arrays import Array, alike, floats, library
from .cutout import without_content
from .mixing import in_strips, interleaved, mix, stored

__all__ = ["checkerboard", "sheet"]

GAP = 0.02
"""between the pictures, in widths of one"""
LIGHT, DARK = 0.8, 0.6
"""grays of the checkerboard"""


def sheet(image: Array, alpha: Array, foreground: Array) -> Array:
    """Photo | alpha | cut-out over a checkerboard.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        alpha: 0..1, [B, H, W].
        foreground: the subject's colours, shaped as the image.
    Returns: [B, H, 3·W + two gaps, 3], of the image's dtype.
    """
    _, height, width = alpha.shape
    white = 255 if image.dtype == library(image).uint8 else 1
    board = alike(checkerboard(height, width, max(4, min(height, width) // 32)), alpha)
    gap = max(2, round(width * GAP))
    made = without_content(image, 3, 3 * width + 2 * gap)
    made[:] = white
    second, third = width + gap, 2 * (width + gap)
    made[:, :, :width] = image[..., :3]
    for one in range(len(alpha)):
        in_strips(partial(_draw_gray, alpha[one], white, made[one, :, second : second + width]), alpha[one])
        mix(board, foreground[one], alpha[one], made[one, :, third:])
    return made


def checkerboard(height: int, width: int, cell: int) -> np.ndarray:
    """Light and dark gray squares of `cell` pixels, float32, [height, width, 3]."""
    down, across = (np.arange(length) // cell % 2 == 1 for length in (height, width))
    gray = np.where(down[:, None] != across, np.float32(DARK), np.float32(LIGHT))
    return np.broadcast_to(gray[..., None], (height, width, 3))


def _draw_gray(alpha: Array, white: int, made: Array, rows: slice) -> None:
    gray = floats(alpha[rows]) * white
    stored(interleaved([gray] * 3), made[rows])
