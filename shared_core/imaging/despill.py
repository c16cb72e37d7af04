"""Despill: what a green or blue screen casts onto the subject is taken off again."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ..arrays import Array, floats, library
from .cutout import without_content
from .mixing import in_strips, interleaved, stored
from .planes import colour_levels

__all__ = ["despill"]

_LUMA = {"green": 0.7152, "blue": 0.0722}
"""Rec. 709; how much of a channel is brightness."""


def despill(foreground: Array, screen: Literal["green", "blue"], strength: float = 1.0) -> Array:
    """Limit the screen's channel to the larger of the two others, and give back the brightness this takes as gray.

    Yellow, cyan and all neutral colours stay as they are; a truly green subject before a green screen turns gray, as in every such method.

    Args:
        foreground: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel passes through.
        screen: the screen's colour.
        strength: 0..1, the share of the spill taken off.
    Returns: a new picture of the same shape and dtype.
    """
    cleaned = without_content(foreground, foreground.shape[3])
    for picture, made in zip(foreground, cleaned, strict=True):
        in_strips(partial(_take_off, picture, screen, strength, made), picture[..., 0])
    return cleaned


def _take_off(picture: Array, screen: str, strength: float, made: Array, rows: slice) -> None:
    colour = colour_levels(picture[rows])
    screened = 1 if screen == "green" else 2
    spill = (colour[screened] - library(colour).maximum(colour[0], colour[3 - screened])).clip(0)
    spill *= strength
    colour[screened] -= spill
    spill *= _LUMA[screen]
    colour += spill
    passed = [floats(picture[rows, :, channel]) for channel in range(3, picture.shape[2])]
    stored(interleaved([*colour, *passed]), made[rows])
