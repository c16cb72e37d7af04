"""Ink and what is done with it. A drawing is `ink`, float32 [B, H, W]: 1 = full ink, 0 = bare paper. Results are new tensors on the same device."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from .cleanup import grow
from .composite import colour_values

__all__ = ["DRAWN_AT", "ink_layer", "on_paper", "pixel_of", "set_black_and_white", "set_line_weight", "without_frame"]

DRAWN_AT = 512
"""the side, in pixels, of the drawing that widths of strokes are counted in: the size that portrait networks draw at"""

_ROWS = 512
"""drawn at once, so that a large drawing of bytes never stands in memory as floats"""


def pixel_of(ink: Tensor) -> float:
    """How many pixels of a drawing [B, H, W] are one of a drawing whose longer side is `DRAWN_AT`."""
    return max(ink.shape[1:]) / DRAWN_AT


def set_line_weight(ink: Tensor, weight: float, pixel: float) -> Tensor:
    """Make lines thicker by `weight` · `pixel` pixels, half of it on either side; thinner where negative. They keep their softness; 0 changes nothing."""
    return grow(ink, weight * pixel / 2) if weight else ink.clone()


def set_black_and_white(ink: Tensor, black: float, white: float) -> Tensor:
    """Stretch the drawing's grays.

    Args:
        ink: 0..1, [B, H, W].
        black: brightness of the drawing, 0..1, up to which it becomes full ink.
        white: brightness from which on it becomes bare paper. Where it is not above `black` only the two are left.
    Returns: ink, 0..1, [B, H, W]; bit for bit the given one at 0 and 1.
    """
    if (black, white) == (0, 1):
        return ink.clone()
    return ((ink - (1 - white)) / max(white - black, 1e-3)).clamp_(0, 1)


def without_frame(ink: Tensor, photo: Tensor, margin: float) -> Tensor:
    """Erase what was drawn on and along padding: a network takes the line where a photo ends for an edge.

    Args:
        ink: 0..1, [B, H, W].
        photo: 1 where the drawn picture shows the photo, 0 where it was padded, [B or 1, H, W].
        margin: how far into the photo ink is erased, in pixels; it comes back over as many again.
    Returns: ink, 0..1, [B, H, W]. The picture's own borders are no padding.
    """
    kept = ink.clone()
    for one in range(len(ink)):
        inside = (photo[min(one, len(photo) - 1)].cpu().numpy() > 0.5).astype(np.uint8)
        if not inside.all():
            far = torch.from_numpy(np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32))
            kept[one] *= ((far - margin) / max(margin, 1e-3)).clamp_(0, 1).to(ink.device)
    return kept


def ink_layer(ink: Tensor, colour: str, dtype: torch.dtype = torch.float32) -> Tensor:
    """The ink alone, to lay over anything: `colour` ("#rrggbb") everywhere, straight alpha = ink. [B, H, W] → [B, H, W, 4], float32 or uint8."""
    layer = torch.empty((*ink.shape, 4), dtype=dtype, device=ink.device)
    layer[..., :3] = _stored(colour_values(colour), dtype)
    layer[..., 3] = _stored(ink, dtype)
    return layer


def on_paper(ink: Tensor, colour: str, paper: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The drawing: paper with ink over it.

    Args:
        ink: 0..1, [B, H, W].
        colour: of the ink, "#rrggbb".
        paper: float32 0..1, [H, W, 3], or a colour [3].
        dtype: float32 or uint8, of the result.
    Returns: [B, H, W, 3]. Black ink on white paper is exactly 1 - ink.
    """
    drawing = torch.empty((*ink.shape, 3), dtype=dtype, device=ink.device)
    ground, full = paper.to(ink.device), colour_values(colour).to(ink.device)
    for one, made in zip(ink, drawing, strict=True):
        for y in range(0, len(one), _ROWS):
            rows = slice(y, y + _ROWS)
            behind = ground[rows] if ground.ndim == 3 else ground
            made[rows] = _stored(behind - one[rows, :, None] * (behind - full), dtype)
    return drawing


def _stored(values: Tensor, dtype: torch.dtype) -> Tensor:
    return values.mul(255).round_().to(dtype) if dtype == torch.uint8 else values
