"""Despill: what a green or blue screen casts onto the subject is taken off again."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from .cutout import as_floats

__all__ = ["despill"]

_ROWS = 512
_LUMA = {"green": 0.7152, "blue": 0.0722}
"""Rec. 709; how much of a channel is brightness."""


def despill(foreground: Tensor, screen: Literal["green", "blue"], strength: float = 1.0) -> Tensor:
    """Limit the screen's channel to the larger of the two others, and give back the brightness this takes as gray.

    Yellow, cyan and all neutral colours stay as they are; a truly green subject before a green screen turns gray, as in every such method.

    Args:
        foreground: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel passes through.
        screen: the screen's colour.
        strength: 0..1, the share of the spill taken off.
    Returns: a new picture of the same shape and dtype.
    """
    cleaned = foreground.clone()
    screened = 1 if screen == "green" else 2
    others = [channel for channel in range(3) if channel != screened]
    for one in range(len(foreground)):
        for y in range(0, foreground.shape[1], _ROWS):
            colour = as_floats(foreground[one, y : y + _ROWS, :, :3]).clone()
            spill = (colour[..., screened] - torch.maximum(colour[..., others[0]], colour[..., others[1]])).clamp_(min=0).mul_(strength)
            colour[..., screened] -= spill
            colour = colour.add_(spill[..., None], alpha=_LUMA[screen]).clamp_(0, 1)
            cleaned[one, y : y + _ROWS, :, :3] = colour.mul_(255).round_().byte() if foreground.dtype == torch.uint8 else colour
    return cleaned
