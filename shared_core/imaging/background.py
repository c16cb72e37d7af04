"""Backgrounds to place a subject over: a gradient, or the photo's own background out of focus. Pictures are scaled by `composite.cover`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .composite import colour_values
from .planes import box_mean, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["blurred_background", "gradient"]

_ROWS = 512
_SMALL_RADIUS = 8
"""The blur is done on a picture so small that its radius is about this many pixels."""


def gradient(height: int, width: int, first: str, second: str, angle: float) -> Tensor:
    """A linear gradient over the whole picture.

    Args:
        height: in pixels.
        width: in pixels.
        first: colour where it begins, "#rrggbb".
        second: colour where it ends.
        angle: direction in degrees: 0 runs from left to right, 90 from top to bottom.
    Returns: float32 0..1, [1, height, width, 3]; the corners it runs between have the two colours.
    """
    across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = (torch.arange(width) + 0.5 - width / 2) * across, (torch.arange(height) + 0.5 - height / 2) * down
    length = max(abs(across) * (width - 1) + abs(down) * (height - 1), 1e-6)
    share = ((y[:, None] + x) / length + 0.5).clamp_(0, 1)
    return torch.lerp(colour_values(first), colour_values(second), share[None, ..., None])


def blurred_background(image: Tensor, alpha: Tensor, radius: float) -> Tensor:
    """The photo out of focus, without the subject: its colours do not glow around it.

    Args:
        image: uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: of the subject, 0..1, [B, H, W]; what it covers does not enter the blur.
        radius: of the blur, in pixels, ≥ 0: a Gaussian with half of that as its sigma. Below one pixel the photo is returned as it is.
    Returns: [B, H, W, 3], of the image's dtype. Deep under the subject it is the mean colour of the background.
    """
    blurred = image[..., :3].clone()
    if radius < 1:
        return blurred
    block = max(1, round(radius / _SMALL_RADIUS))
    box = max(1, round(radius / block / 2))  # three boxes of this radius have about the variance of the Gaussian
    for one in range(len(image)):
        small = _means(image[one], alpha[one], block)
        whole = small.mean((1, 2), keepdim=True)
        small[3].clamp_(min=1e-4)
        for _ in range(3):
            small = box_mean(small, box)
        colour = (small[:3] + 1e-3 * whole[:3] / whole[3].clamp(min=1e-4)) / (small[3] + 1e-3)
        _enlarge_into(blurred[one], colour.clamp_(0, 1), block)
    return blurred


def _means(image: Tensor, alpha: Tensor, block: int) -> Tensor:
    """Block means of colour times background, and of background: [4, h, w]."""
    strips = []
    step = block * max(1, _ROWS // block)
    for y in range(0, len(image), step):
        clear = 1 - alpha[y : y + step].float()
        strips.append(shrink_blocks(torch.cat((colour_planes(image[y : y + step]) * clear, clear[None])), block))
    return torch.cat(strips, 1)


def _enlarge_into(picture: Tensor, small: Tensor, block: int) -> None:
    height, width, _ = picture.shape
    rows = max(1, _ROWS // block)
    for top in range(0, small.shape[1], rows):
        above = min(top, 1)
        part = small[:, top - above : top + rows + 1]
        first, last = top * block, min((top + rows) * block, height)
        large = enlarge_blocks(part, block, above * block + last - first, width)[:, above * block :].permute(1, 2, 0)
        picture[first:last] = large.mul(255).round_().byte() if picture.dtype == torch.uint8 else large
