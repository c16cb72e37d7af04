"""A cut-out for a file: what it hides is left out."""

from __future__ import annotations

import numpy as np

__all__ = ["clear_hidden_colours"]

_REACH = 8
"""pixels around what is visible that keep their colours: programs that scale a cut-out mix neighbours, and black ones would darken the edge"""


def clear_hidden_colours(pixels: np.ndarray) -> None:
    """Make a cut-out's colours under full transparency black, but for the eight pixels next to anything visible. Its file is a third smaller, and the
    removed background cannot be brought back from it.

    Args:
        pixels: straight alpha, [H, W, 4], uint8 or float32, without gaps; modified.
    """
    import cv2

    side = 2 * _REACH + 1
    highest = cv2.dilate(cv2.extractChannel(pixels, 3), np.ones((side, side), np.uint8))
    if pixels.dtype == np.uint8:
        np.copyto(pixels.view(np.uint32)[..., 0], 0, where=highest == 0)  # a pixel at once
    else:
        cv2.subtract(pixels, pixels, dst=pixels, mask=(highest == 0).view(np.uint8))
