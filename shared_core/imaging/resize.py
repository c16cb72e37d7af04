"""Pictures made smaller for a network, and its maps made larger for the picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["enlarge_map", "resize_map", "shrink_for_network", "to_bytes_truncated"]


def shrink_for_network(image: Tensor, size: int, *, antialias: bool = True) -> Tensor:
    """The RGB of `image` squashed to size×size (aspect not kept, as these networks were trained).

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        size: target height and width in pixels.
        antialias: False samples four neighbours however far the picture shrinks, which is what the authors' program did.
    Returns: float32 0..1, [B, 3, size, size], channels-last in memory.
    """
    planes = image[..., :3].permute(0, 3, 1, 2)
    if planes.dtype == torch.uint8 and not antialias:
        planes = planes.float().div_(255)
    # on bytes torch has a vector path that never makes a float copy of the full picture; its result is rounded to a level
    small = F.interpolate(planes, size=(size, size), mode="bilinear", align_corners=False, antialias=antialias)
    return small.float().div_(255) if small.dtype == torch.uint8 else small


def enlarge_map(alpha: Tensor, height: int, width: int) -> Tensor:
    """Bilinear resize of maps [B, h, w] to [B, height, width]; pixel centres at halves, edges repeated."""
    return F.interpolate(alpha[:, None], size=(height, width), mode="bilinear", align_corners=False)[:, 0]


def resize_map(alpha: Tensor, height: int, width: int) -> Tensor:
    """Bilinear resize of maps [B, h, w] to [B, height, width], without aliasing where they shrink."""
    return F.interpolate(alpha[:, None], size=(height, width), mode="bilinear", align_corners=False, antialias=True)[:, 0]


def to_bytes_truncated(alpha: Tensor) -> Tensor:
    """0..1 → 0..1 on the 256 levels of a byte, cut off as `numpy.astype(uint8)` does, not rounded."""
    return alpha.mul(255).floor_().div_(255)
