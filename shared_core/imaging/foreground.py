"""Foreground colours: the subject's own colours, freed of the background that shines through where alpha is between 0 and 1."""

from __future__ import annotations

from functools import partial

import cv2
import torch
from torch import Tensor

from ..progress import Progress, silent
from .alone import each
from .planes import box_mean, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["estimate_foreground"]

_TILE = 384
_OPAQUE = 1 / 512
"""An alpha nearer to 0 or 1 than this is 0 or 1 once stored in a byte."""
_NEARLY = 0.02
"""An alpha nearer to 0 or 1 than this shows so little of one of the two that block means do for it. Networks leave much of a subject there."""
_BLOCK, _BLOCKS = 8, 4
"""The first pass works on blocks of 8² pixels, with a radius of 4 blocks: as far as colour is carried into a blurred edge. A colour
counts there by the fourth power of its alpha, so that opaque pixels outweigh contaminated ones."""
_STEP = 2
"""Of a block's rows and columns every second is looked at."""
_RADII = (3, 1)
"""Pixels; the passes that follow. Radii 90 and 6 with plain weights, as published, leave a sixth more error where true colours are known."""
_NEAR, _FAR = 8, 40
"""Pixels that the passes that follow, and the first, read around what they compute; multiples of the block."""
_TINY = 1e-5

Place = tuple[slice, slice]


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
    foreground = image[..., :3].clone(memory_format=torch.contiguous_format)
    steps = range(0, height, _TILE)
    for one in range(batch):
        for row, y in enumerate(steps):
            tiles = [(slice(y, y + _TILE), slice(x, x + _TILE)) for x in range(0, width, _TILE)]
            each(partial(_free_tile, image[one], alpha[one], foreground[one]), tiles, alpha.device)
            progress(one * len(steps) + row + 1, batch * len(steps), "estimating foreground colours")
    return foreground


def _free_tile(image: Tensor, alpha: Tensor, foreground: Tensor, tile: Place) -> None:
    """Write what changes in one tile of one picture into `foreground`."""
    if (place := _between(alpha, tile, _OPAQUE)) is None:
        return
    means = _block_means(image, alpha, place)
    _replace(foreground, alpha, place, _OPAQUE, _spread(image, alpha, place, means))
    if (inner := _between(alpha, place, _NEARLY)) is not None:
        _replace(foreground, alpha, inner, _NEARLY, _fused(image, alpha, inner, means, place))


def _between(alpha: Tensor, place: Place, margin: float) -> Place | None:
    """The blocks of a place that hold an alpha farther than `margin` from 0 and 1, as a rectangle; None where there are none."""
    soft = (alpha[place] - 0.5).abs_() < 0.5 - margin
    extents = []
    for axis, one in enumerate(place):
        used = soft.any(1 - axis).nonzero()
        if not len(used):
            return None
        start, stop = int(used[0]) // _BLOCK * _BLOCK, (int(used[-1]) // _BLOCK + 1) * _BLOCK
        extents.append(slice(one.start + start, min(one.start + stop, alpha.shape[axis])))
    return extents[0], extents[1]


def _replace(foreground: Tensor, alpha: Tensor, place: Place, margin: float, colours: Tensor) -> None:
    """Put colours [3, h, w] where alpha is farther than `margin` from 0 and 1."""
    soft = (alpha[place] - 0.5).abs_() < 0.5 - margin
    part = foreground[place]
    if part.dtype == torch.uint8:
        colours = colours.mul_(255).round_().byte()
    if part.device.type == "cpu":  # five times as fast
        cv2.copyTo(cv2.merge(list(colours.contiguous().numpy())), soft.view(torch.uint8).numpy(), part.numpy())
    else:
        torch.where(soft[..., None], colours.permute(1, 2, 0), part, out=part)


def _grown(place: Place, by: int) -> Place:
    """Larger on all sides; what lies beyond the picture's end is cut off by indexing."""
    rows, columns = place
    return slice(max(0, rows.start - by), rows.stop + by), slice(max(0, columns.start - by), columns.stop + by)


def _block_means(image: Tensor, alpha: Tensor, place: Place) -> Tensor:
    """Foreground, background and alpha of the blocks of a place and of one more around it, [7, h, w]."""
    around, near = _grown(place, _FAR), _grown(place, _BLOCK)
    thinned = slice(around[0].start, around[0].stop, _STEP), slice(around[1].start, around[1].stop, _STEP)
    colour, opaque = colour_planes(image[thinned]), alpha[thinned].float()
    means = _fused_means(colour, colour, opaque.square().square_(), (1 - opaque).square_().square_(), _BLOCKS, _BLOCK // _STEP)
    means = torch.cat((means, shrink_blocks(opaque[None], _BLOCK // _STEP)))
    y, x = ((one.start - start.start) // _BLOCK for one, start in zip(near, around, strict=True))
    return means[:, y:, x:]


def _enlarged(means: Tensor, place: Place, known: Place) -> Tensor:
    """What `_block_means` made of `known`, for every pixel of a place in it. [C, h, w] → [C, H, W]"""
    origin = _grown(known, _BLOCK)
    y, x = (max(0, (one.start - start.start) // _BLOCK - 1) for one, start in zip(place, origin, strict=True))
    top, left = (one.start - start.start - _BLOCK * skipped for one, start, skipped in zip(place, origin, (y, x), strict=True))
    bottom, right = (inside + one.stop - one.start for inside, one in zip((top, left), place, strict=True))
    blocks = means[:, y : y + -(-bottom // _BLOCK) + 1, x : x + -(-right // _BLOCK) + 1]
    return enlarge_blocks(blocks, _BLOCK, bottom, right)[:, top:, left:]


def _spread(image: Tensor, alpha: Tensor, place: Place, means: Tensor) -> Tensor:
    """The foreground where alpha is nearly 0 or 1: as `_explained`, with a block's own alpha where that is multiplied with the means. → [3, h, w]"""
    near, far, opaque = means[:3], means[3:6], means[6]
    unexplained = _enlarged(near + opaque * (near - far), place, place)
    return torch.lerp(unexplained, colour_planes(image[place]), alpha[place].float()).clamp_(0, 1)


def _fused(image: Tensor, alpha: Tensor, place: Place, means: Tensor, known: Place) -> Tensor:
    """The foreground of a place in `known`, whose blocks `means` are. → [3, h, w]"""
    rows, columns = _grown(place, _NEAR)
    around = slice(rows.start, min(rows.stop, len(alpha))), slice(columns.start, min(columns.stop, alpha.shape[1]))
    colour, opaque = colour_planes(image[around]), alpha[around].float()
    means = _enlarged(means[:6], around, known)
    foreground, background = _explained(colour, opaque, means), means[3:]
    for radius in _RADII:
        means = _fused_means(foreground, background, opaque, 1 - opaque, radius, 1)
        foreground, background = _explained(colour, opaque, means), means[3:]
    y, x = (one.start - start.start for one, start in zip(place, around, strict=True))
    return foreground[:, y : y + place[0].stop - place[0].start, x : x + place[1].stop - place[1].start]


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
