"""A drop shadow under a cut-out."""

from __future__ import annotations

import torch
from torch import Tensor

from .cleanup import feather
from .composite import colour_values
from .cutout import as_floats

__all__ = ["drop_shadow", "lay_over_shadow"]

_ROWS = 512


def drop_shadow(alpha: Tensor, right: int, down: int, softness: float, opacity: float) -> Tensor:
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
    moved = torch.zeros_like(alpha, dtype=torch.float32)
    if abs(right) < width and abs(down) < height:
        target = slice(max(0, down), height + min(0, down)), slice(max(0, right), width + min(0, right))
        source = slice(max(0, -down), height - max(0, down)), slice(max(0, -right), width - max(0, right))
        moved[(slice(None), *target)] = alpha[(slice(None), *source)].float()
    return feather(moved, softness).mul_(opacity)


def lay_over_shadow(foreground: Tensor, alpha: Tensor, shadow: Tensor, colour: str = "#000000") -> tuple[Tensor, Tensor]:
    """The subject over its shadow as one layer of straight colours.

    Args:
        foreground: the subject's colours, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: of the subject, 0..1, [B, H, W].
        shadow: alpha of the shadow, 0..1, [B, H, W].
        colour: of the shadow, "#rrggbb".
    Returns: foreground [B, H, W, 3] of the same dtype, and alpha, float32 [B, H, W]. Where the subject is opaque its colours stay exactly.
    """
    under = shadow * (1 - alpha)
    whole = alpha + under
    laid = foreground[..., :3].clone()
    dark = colour_values(colour).to(alpha.device)
    for one in range(len(alpha)):
        for y in range(0, alpha.shape[1], _ROWS):
            rows = slice(y, y + _ROWS)
            share = (under[one, rows] / whole[one, rows].clamp(min=1e-6))[..., None]
            mixed = torch.lerp(as_floats(foreground[one, rows, :, :3]), dark.expand(*share.shape[:2], 3), share)
            laid[one, rows] = mixed.mul_(255).round_().byte() if foreground.dtype == torch.uint8 else mixed
    return laid, whole.clamp_(0, 1)
