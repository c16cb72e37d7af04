"""The subject over a new background. Straight alpha, blended in sRGB as GIMP and ComfyUI do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .cutout import as_floats

__all__ = ["colour_values", "composite", "cover"]

_ROWS = 512
"""Rows blended at once, so that a large picture of bytes never stands in memory as floats."""


def composite(foreground: Tensor, alpha: Tensor, background: Tensor | str) -> Tensor:
    """Place the foreground over a background: alpha·foreground + (1 - alpha)·background.

    Args:
        foreground: the subject's colours, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        alpha: 0..1, [B, H, W].
        background: a colour, "#rrggbb", or a picture [1 or B, h, w, 3 or 4], uint8 or float32 0..1; of another size it is scaled to cover.
    Returns: [B, H, W, 3], of the foreground's dtype.
    """
    batch, height, width = alpha.shape
    blended = torch.empty_like(foreground[..., :3], memory_format=torch.contiguous_format)
    for one in range(batch):
        if isinstance(background, str):
            behind = colour_values(background).to(alpha.device).expand(height, width, 3)
        else:
            behind = cover(background[min(one, len(background) - 1)][None], height, width)[0]
        for y in range(0, height, _ROWS):
            rows = slice(y, y + _ROWS)
            mixed = torch.lerp(as_floats(behind[rows]), as_floats(foreground[one, rows, :, :3]), alpha[one, rows, :, None].float())
            mixed.clamp_(0, 1)  # resizing and lerp may pass 1 by a rounding
            blended[one, rows] = mixed.mul_(255).round_().byte() if foreground.dtype == torch.uint8 else mixed
    return blended


def cover(picture: Tensor, height: int, width: int) -> Tensor:
    """Scale a picture, aspect kept, until it covers height×width, and cut off what sticks out evenly.

    Args:
        picture: uint8 or float32 0..1, [B, h, w, 3 or 4].
        height: of the area, in pixels.
        width: of the area, in pixels.
    Returns: [B, height, width, 3], of the same dtype; the picture's own colours where it already has that size.
    """
    planes = picture[..., :3].permute(0, 3, 1, 2)
    tall, wide = planes.shape[2:]
    scale = max(height / tall, width / wide)
    size = (max(height, round(tall * scale)), max(width, round(wide * scale)))
    if size != (tall, wide):
        planes = F.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return planes[:, :, top : top + height, left : left + width].permute(0, 2, 3, 1)


def colour_values(colour: str) -> Tensor:
    """The red, green and blue of "#rrggbb", float32 0..1, [3]."""
    return torch.tensor([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
