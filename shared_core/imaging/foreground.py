"""Foreground colours: the subject's own colours, freed of the background that shines through where alpha is between 0 and 1."""

from __future__ import annotations

import torch
from torch import Tensor

from ..progress import Progress, silent
from .planes import box_mean, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["estimate_foreground"]

_TILE = 256
_OPAQUE = 1 / 512
"""An alpha nearer to 0 or 1 than this is 0 or 1 once stored in a byte."""
_BLOCK, _BLOCKS = 8, 4
"""The first pass works on blocks of 8² pixels, with a radius of 4 blocks: as far as colour is carried into a blurred edge. A colour
counts there by the fourth power of its alpha, so that opaque pixels outweigh contaminated ones."""
_RADII = (3, 1)
"""Pixels; the passes that follow. Radii 90 and 6 with plain weights, as published, leave a sixth more error where true colours are known."""
_NEAR, _FAR = 8, 40
"""Pixels that the passes that follow, and the first, read around what they compute; multiples of the block."""
_TINY = 1e-5


def estimate_foreground(image: Tensor, alpha: Tensor, progress: Progress = silent) -> Tensor:
    """The colours F of image = alpha·F + (1 - alpha)·B, by fusing blurred foreground and background, coarse to fine.

    Only the surroundings of half-transparent pixels are worked, and only such pixels are changed.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, [B, H, W].
        progress: told after every 256 rows.
    Returns: foreground, [B, H, W, 3], of the image's dtype. Where alpha rounds to 0 or 1 it is exactly the image.
    Raises: Cancelled, through `progress`.
    Source: Forte: "Approximate Fast Foreground Colour Estimation", ICIP 2021, with other radii and weights, three passes instead of two.
    """
    batch, height, width = alpha.shape
    foreground = image[..., :3].clone()
    steps = range(0, height, _TILE)
    for one in range(batch):
        for row, y in enumerate(steps):
            for x in range(0, width, _TILE):
                soft = alpha[one, y : y + _TILE, x : x + _TILE]
                soft = (soft > _OPAQUE) & (soft < 1 - _OPAQUE)
                if not soft.any():
                    continue
                rows, columns = _extent(soft.any(1)), _extent(soft.any(0))
                soft = soft[rows, columns]
                place = slice(y + rows.start, y + rows.stop), slice(x + columns.start, x + columns.stop)
                fused = _fused(image[one], alpha[one], *place)
                part = foreground[one][place]
                torch.where(soft[..., None], fused.mul_(255).round_().byte() if part.dtype == torch.uint8 else fused, part, out=part)
            progress(one * len(steps) + row + 1, batch * len(steps), "estimating foreground colours")
    return foreground


def _extent(used: Tensor) -> slice:
    """From the first to the last True, beginning with a whole block."""
    places = used.nonzero()
    return slice(int(places[0]) // _BLOCK * _BLOCK, int(places[-1]) + 1)


def _fused(image: Tensor, alpha: Tensor, rows: slice, columns: slice) -> Tensor:
    """The foreground of a part of one picture that begins with a whole block. → [rows, columns, 3]"""
    top, left = max(0, rows.start - _FAR), max(0, columns.start - _FAR)
    around = slice(top, rows.stop + _FAR), slice(left, columns.stop + _FAR)
    colour, opaque = colour_planes(image[around]), alpha[around].float()
    small = _fused_means(colour, colour, opaque.square().square_(), (1 - opaque).square_().square_(), _BLOCKS, _BLOCK)

    y, x = max(0, rows.start - _NEAR) - top, max(0, columns.start - _NEAR) - left
    colour, opaque = (planes[..., y : rows.stop + _NEAR - top, x : columns.stop + _NEAR - left] for planes in (colour, opaque))
    means = enlarge_blocks(small[:, y // _BLOCK :, x // _BLOCK :], _BLOCK, *opaque.shape)
    foreground, background = _explained(colour, opaque, means), means[3:]
    for radius in _RADII:
        means = _fused_means(foreground, background, opaque, 1 - opaque, radius, 1)
        foreground, background = _explained(colour, opaque, means), means[3:]
    y, x = rows.start - top - y, columns.start - left - x
    return foreground[:, y : y + rows.stop - rows.start, x : x + columns.stop - columns.start].permute(1, 2, 0)


def _fused_means(foreground: Tensor, background: Tensor, opaque: Tensor, clear: Tensor, radius: int, block: int) -> Tensor:
    """Weighted box means of foreground and background, of blocks. Colours [3, H, W], weights [H, W] → [6, H / block, W / block]."""
    weighted = torch.cat((opaque[None], clear[None], foreground * opaque, background * clear))
    means = box_mean(shrink_blocks(weighted, block), radius)
    weights = means[:2].clamp_(min=_TINY)
    means[2:5].div_(weights[0])
    means[5:8].div_(weights[1])
    return means[2:]


def _explained(colour: Tensor, alpha: Tensor, means: Tensor) -> Tensor:
    """The mean foreground, moved as far as the picture's colour asks for: F + alpha·(colour - alpha·F - (1 - alpha)·B)."""
    near, far = means[:3], means[3:]
    return torch.lerp(far, near, alpha).neg_().add_(colour).mul_(alpha).add_(near).clamp_(0, 1)
