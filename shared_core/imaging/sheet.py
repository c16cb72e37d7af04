"""A sheet to judge a cut-out by: photo, alpha, and the cut-out over a checkerboard, side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from .composite import composite

__all__ = ["checkerboard", "sheet"]

GAP = 0.02
"""between the pictures, in widths of one"""
LIGHT, DARK = 0.8, 0.6
"""grays of the checkerboard"""


def sheet(image: Tensor, alpha: Tensor, foreground: Tensor) -> Tensor:
    """Photo | alpha | cut-out over a checkerboard.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        alpha: 0..1, [B, H, W].
        foreground: the subject's colours, shaped as the image.
    Returns: [B, H, 3·W + two gaps, 3], of the image's dtype.
    """
    batch, height, width = alpha.shape
    gap = torch.ones(batch, height, max(2, round(width * GAP)), 3, device=alpha.device)
    if image.dtype == torch.uint8:
        gap, gray = gap.mul(255).byte(), alpha.mul(255).round_().byte()
    else:
        gray = alpha
    board = checkerboard(height, width, max(4, min(height, width) // 32)).to(alpha.device)
    over = composite(foreground, alpha, board[None])
    return torch.cat((image[..., :3], gap, gray[..., None].expand(-1, -1, -1, 3), gap, over), 2)


def checkerboard(height: int, width: int, cell: int) -> Tensor:
    """Light and dark gray squares of `cell` pixels, float32, [height, width, 3]."""
    odd = (torch.arange(height)[:, None] // cell + torch.arange(width)[None] // cell) % 2
    return torch.where(odd == 1, DARK, LIGHT)[..., None].expand(-1, -1, 3)
