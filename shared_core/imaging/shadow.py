"""A drop shadow under a cut-out."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..arrays import Array, alike, as_array, empty, floats
from .cleanup import feather
from .composite import colour_values
from .cutout import without_content
from .mixing import in_strips, mix

__all__ = ["drop_shadow", "lay_over_shadow"]


def drop_shadow(alpha: Array, right: int, down: int, softness: float, opacity: float) -> Array:
    """The alpha of the subject's shadow: moved, softened and thinned. What falls outside the picture is lost.

    Args:
        alpha: 0..1, [B, H, W].
        right: how far the shadow lies to the right, in pixels; negative is left.
        down: how far it lies below, in pixels; negative is above.
        softness: how far its edge is blurred to either side, in pixels, ≥ 0.
        opacity: 0..1.
    Returns: the shadow's alpha, float32, [B, H, W].
    """
    _, height, width = alpha.shape
    moved = np.zeros(alpha.shape, np.float32)
    if abs(right) < width and abs(down) < height:
        target = slice(max(0, down), height + min(0, down)), slice(max(0, right), width + min(0, right))
        source = slice(max(0, -down), height - max(0, down)), slice(max(0, -right), width - max(0, right))
        moved[(slice(None), *target)] = as_array(alpha[(slice(None), *source)])
    shadow = feather(moved, softness)
    shadow *= opacity
    return alike(shadow, alpha)


def lay_over_shadow(foreground: Array, alpha: Array, shadow: Array, colour: str = "#000000") -> tuple[Array, Array]:
    """The subject over its shadow as one layer of straight colours.

    Args:
        foreground: the subject's colours, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: of the subject, 0..1, [B, H, W].
        shadow: alpha of the shadow, 0..1, [B, H, W].
        colour: of the shadow, "#rrggbb".
    Returns: foreground [B, H, W, 3] of the same dtype, and alpha, float32 [B, H, W]. Where the subject is opaque its colours stay exactly.
    """
    laid, whole = without_content(foreground, 3), empty(tuple(alpha.shape), alpha)
    dark = alike(colour_values(colour), alpha)
    for one in range(len(alpha)):
        in_strips(partial(_lay, foreground[one], alpha[one], shadow[one], dark, laid[one], whole[one]), alpha[one])
    return laid, whole


def _lay(foreground: Array, alpha: Array, shadow: Array, dark: Array, laid: Array, whole: Array, rows: slice) -> None:
    opaque = floats(alpha[rows])
    under = shadow[rows] * (1 - opaque)
    together = opaque + under
    mix(foreground[rows], dark, under / together.clip(1e-6), laid[rows])
    whole[rows] = together.clip(0, 1)
