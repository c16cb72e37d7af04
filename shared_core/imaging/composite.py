"""The subject over a new background, or with its alpha as transparency. Straight alpha, blended in sRGB as GIMP and ComfyUI do."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .alone import each

__all__ = ["as_floats", "colour_values", "composite", "cover", "cutout"]

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


def cutout(foreground: Tensor, alpha: Tensor) -> Tensor:
    """The foreground with `alpha` as its fourth channel; colours stay as they are (straight, not premultiplied).

    Args:
        foreground: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is replaced.
        alpha: 0..1, [B, H, W].
    Returns: [B, H, W, 4], of the foreground's dtype.
    """
    made = torch.empty((*alpha.shape, 4), dtype=foreground.dtype, device=foreground.device)
    for one in range(len(alpha)):
        each(partial(_join, foreground[one], alpha[one], made[one]), [slice(y, y + _ROWS) for y in range(0, alpha.shape[1], _ROWS)], alpha.device)
    return made


def _join(foreground: Tensor, alpha: Tensor, made: Tensor, rows: slice) -> None:
    if made.device.type == "cpu" and made.dtype in (torch.uint8, torch.float32):  # five times as fast
        colour, opaque = np.ascontiguousarray(foreground[rows].numpy()), np.ascontiguousarray(alpha[rows].float().numpy())
        opaque = cv2.convertScaleAbs(opaque, alpha=255) if made.dtype == torch.uint8 else opaque
        place = made[rows].numpy()
        if colour.shape[2] == 4:
            np.copyto(place, colour)
        else:
            cv2.cvtColor(colour, cv2.COLOR_RGB2RGBA, dst=place)
        cv2.insertChannel(opaque, place, 3)
        return
    opaque = alpha[rows].mul(255).round_().byte() if made.dtype == torch.uint8 else alpha[rows].to(made.dtype)
    made[rows][..., :3], made[rows][..., 3] = foreground[rows][..., :3], opaque


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


def as_floats(picture: Tensor) -> Tensor:
    """uint8 → float32 0..1; floats as they are."""
    return picture.float().div_(255) if picture.dtype == torch.uint8 else picture.float()
