"""A cut-out for a file: what it hides is left out."""

from __future__ import annotations

import numpy as np

__all__ = ["without_hidden_colours"]

_REACH = 8
"""pixels around what is visible that keep their colours: programs that scale a cut-out mix neighbours, and black ones would darken the edge"""


def without_hidden_colours(pixels: np.ndarray) -> np.ndarray:
    """A cut-out whose colours under full transparency are black, but for the eight pixels next to anything visible. Its file is a third smaller, and the
    removed background cannot be brought back from it.

    Args:
        pixels: straight alpha, [H, W, 4], uint8 or float32; not modified.
    Returns: the same array where nothing is hidden.
    """
    import cv2

    visible = (pixels[..., 3] > 0).astype(np.uint8)
    side = 2 * _REACH + 1
    near = cv2.dilate(visible, np.ones((side, side), np.uint8))
    return pixels if near.all() else cv2.bitwise_and(pixels, pixels, mask=near)
