"""The subject over a new background. Straight alpha, blended in sRGB as GIMP and ComfyUI do."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from PIL import Image

from ..arrays import Array, alike, as_array, is_on_cpu
from .alone import each
from .antialiased import shrink_bytes
from .cutout import without_content
from .mixing import mix

__all__ = ["colour_values", "composite", "cover"]


def composite(foreground: Array, alpha: Array, background: Array | str) -> Array:
    """Place the foreground over a background: alpha·foreground + (1 - alpha)·background.

    Args:
        foreground: the subject's colours, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        alpha: 0..1, [B, H, W].
        background: a colour, "#rrggbb", or a picture [1 or B, h, w, 3 or 4], uint8 or float32 0..1; of another size it is scaled to cover.
    Returns: [B, H, W, 3], of the foreground's dtype. Where the alpha is 0 or 1 it is exactly the background or the foreground.
    """
    _, height, width = alpha.shape
    blended = without_content(foreground, 3)
    for one in range(len(alpha)):
        if isinstance(background, str):
            behind = alike(colour_values(background), alpha)
        else:
            behind = cover(background[min(one, len(background) - 1)][None], height, width)[0]
        mix(behind, foreground[one], alpha[one], blended[one])
    return blended


def cover(picture: Array, height: int, width: int) -> Array:
    """Scale a picture, aspect kept, until it covers height×width, and cut off what sticks out evenly.

    Args:
        picture: uint8 or float32 0..1, [B, h, w, 3 or 4].
        height: of the area, in pixels.
        width: of the area, in pixels.
    Returns: [B, height, width, 3], of the same dtype; the picture's own colours where it already has that size.
    """
    colours = picture[..., :3]
    tall, wide = colours.shape[1:3]
    scale = max(height / tall, width / wide)
    size = (max(height, round(tall * scale)), max(width, round(wide * scale)))
    if size != (tall, wide):
        colours = _scaled(colours, *size)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return colours[:, top : top + height, left : left + width]


def colour_values(colour: str) -> np.ndarray:
    """The red, green and blue of "#rrggbb", float32 0..1, [3]."""
    return np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)], np.float32)


def _scaled(colours: Array, height: int, width: int) -> Array:
    """[B, h, w, 3] → [B, height, width, 3], bilinear, with a filter as wide as the shrinking where it shrinks."""
    if is_on_cpu(colours):
        scaled = np.empty((len(colours), height, width, 3), as_array(colours).dtype)
        for one, made in zip(as_array(colours), scaled, strict=True):
            _scale(np.ascontiguousarray(one), made)
        return alike(scaled, colours)
    import torch.nn.functional as F

    planes = F.interpolate(colours.permute(0, 3, 1, 2), size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    return planes.permute(0, 2, 3, 1)


def _scale(picture: np.ndarray, made: np.ndarray) -> None:
    height, width, _ = made.shape
    if height >= len(picture) and width >= picture.shape[1]:
        cv2.resize(picture, (width, height), dst=made, interpolation=cv2.INTER_LINEAR)
    elif picture.dtype == np.uint8:
        made[:] = shrink_bytes(picture, height, width)
    else:
        each(partial(_shrink_channel, picture, made), range(3), picture)


def _shrink_channel(picture: np.ndarray, made: np.ndarray, channel: int) -> None:
    plane = Image.fromarray(np.ascontiguousarray(picture[..., channel]))
    made[..., channel] = np.asarray(plane.resize((made.shape[1], made.shape[0]), Image.Resampling.BILINEAR))
