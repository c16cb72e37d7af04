"""Ink and what is done with it. A drawing is `ink`, float32 [B, H, W]: 1 = full ink, 0 = bare paper. Results are new, of its kind and in its place."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ..arrays import Array, alike, as_array, floats, library
from .cleanup import grow
from .composite import colour_values
from .cutout import cutout, without_content
from .mixing import mix

__all__ = ["DRAWN_AT", "ink_layer", "on_paper", "pixel_of", "set_black_and_white", "set_line_weight", "without_frame"]

DRAWN_AT = 512
"""the side, in pixels, of the drawing that widths of strokes are counted in: the size that portrait networks draw at"""


def pixel_of(ink: Array) -> float:
    """How many pixels of a drawing [B, H, W] are one of a drawing whose longer side is `DRAWN_AT`."""
    return max(ink.shape[1:]) / DRAWN_AT


def set_line_weight(ink: Array, weight: float, pixel: float) -> Array:
    """Make lines thicker by `weight` · `pixel` pixels, half of it on either side; thinner where negative. They keep their softness; 0 changes nothing."""
    return grow(ink, weight * pixel / 2) if weight else floats(ink, copy=True)


def set_black_and_white(ink: Array, black: float, white: float) -> Array:
    """Stretch the drawing's grays.

    Args:
        ink: 0..1, [B, H, W].
        black: brightness of the drawing, 0..1, up to which it becomes full ink.
        white: brightness from which on it becomes bare paper. Where it is not above `black` only the two are left.
    Returns: ink, 0..1, [B, H, W]; bit for bit the given one at 0 and 1.
    """
    if (black, white) == (0, 1):
        return floats(ink, copy=True)
    stretched = ink - (1 - white)
    stretched /= max(white - black, 1e-3)
    return library(ink).clip(stretched, 0, 1, out=stretched)


def without_frame(ink: Array, photo: Array, margin: float) -> Array:
    """Erase what was drawn on and along padding: a network takes the line where a photo ends for an edge.

    Args:
        ink: 0..1, [B, H, W].
        photo: 1 where the drawn picture shows the photo, 0 where it was padded, [B or 1, H, W].
        margin: how far into the photo ink is erased, in pixels; it comes back over as many again.
    Returns: ink, 0..1, [B, H, W]. The picture's own borders are no padding.
    """
    kept = floats(ink, copy=True)
    for one in range(len(ink)):
        inside = (as_array(photo[min(one, len(photo) - 1)]) > 0.5).astype(np.uint8)
        if not inside.all():
            far = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
            kept[one] *= alike(np.clip((far - margin) / max(margin, 1e-3), 0, 1), kept)
    return kept


def ink_layer(ink: Array, colour: str, dtype: Any = None) -> Array:
    """The ink alone, to lay over anything: `colour` everywhere, straight alpha = ink.

    Args:
        ink: 0..1, [B, H, W].
        colour: "#rrggbb".
        dtype: float32 or uint8 of the ink's library, of the result; default: float32.
    Returns: [B, H, W, 4].
    """
    return cutout(_plain(colour_values(colour), dtype, ink), ink)


def on_paper(ink: Array, colour: str, paper: Array, dtype: Any = None) -> Array:
    """The drawing: paper with ink over it.

    Args:
        ink: 0..1, [B, H, W].
        colour: of the ink, "#rrggbb".
        paper: float32 0..1, [H, W, 3], or a colour [3].
        dtype: float32 or uint8 of the ink's library, of the result; default: float32.
    Returns: [B, H, W, 3]. Black ink on white paper is exactly 1 - ink.
    """
    full = colour_values(colour)
    drawing, ground, drawn = without_content(_plain(full, dtype, ink), 3), alike(as_array(paper), ink), alike(full, ink)
    for one, made in zip(ink, drawing, strict=True):
        mix(ground, drawn, one, made)
    return drawing


def _plain(colour: np.ndarray, dtype: Any, ink: Array) -> Array:
    """A colour, float32 0..1, for every pixel of the ink: [B, H, W, 3] of a dtype of its library, in no memory."""
    xp = library(ink)
    values = np.rint(colour * 255).astype(np.uint8) if dtype == xp.uint8 else colour
    return xp.broadcast_to(alike(values, ink), (*ink.shape, 3))
