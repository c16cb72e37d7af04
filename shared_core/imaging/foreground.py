"""Foreground colours: the subject's own colours, freed of the background that shines through where alpha is between 0 and 1."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import cv2

from ..arrays import Array, alike, as_array, empty, is_on_cpu, library
from ..progress import Progress, silent
from .alone import each
from .cutout import rgb_of
from .planes import box_mean, colour_levels, enlarge_blocks, shrink_blocks, shrink_levels, shrink_plane

__all__ = ["estimate_foreground", "free_colours"]

_TILE = 256
_ROWS = 64
"""of a strip of the first pass"""
_OPAQUE = 1 / 508
"""An alpha nearer to 0 or 1 than this is 0 or 1 once stored in a byte."""
_BLOCK, _BLOCKS = 8, 4
"""The first pass works on blocks of 8² pixels, with a radius of 4 blocks: as far as colour is carried into a blurred edge. A colour
counts there by the fourth power of its alpha, so that opaque pixels outweigh contaminated ones."""
_STEP = 4
"""The first pass sees the picture this many times smaller."""
_RADII = (3, 1)
"""Of the passes that follow, in the pixels they work on. Radii 90 and 6 with plain weights, as published, leave a sixth more error where true colours
are known."""
_SIDES = ((4000, 4), (1000, 2), (0, 1))
"""The passes that follow see a picture whose longer side has so many pixels so many times smaller. With more they gain nothing: the mean error on
pictures enlarged twice and four times is the same, or less."""
_NEAR, _FAR = 16, 40
"""Pixels that the passes that follow, and the first, read around what they compute; multiples of the block."""
_TINY = 1e-5

Place = tuple[slice, slice]


class _Means(NamedTuple):
    """Foreground and background of a picture's blocks."""

    colours: Array
    """[6, h, w], in the picture's levels"""
    top: int
    left: int
    """the block that the first of them is"""


def estimate_foreground(image: Array, alpha: Array, progress: Progress = silent) -> Array:
    """The colours F of image = alpha·F + (1 - alpha)·B, by fusing blurred foreground and background, coarse to fine.

    Only the surroundings of half-transparent pixels are worked, and only such pixels are changed.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, [B, H, W].
        progress: told before every row of tiles.
    Returns: foreground, [B, H, W, 3], of the image's dtype. Where alpha rounds to 0 or 1 it is exactly the image.
    Raises: Cancelled, through `progress`.
    Source: Forte: "Approximate Fast Foreground Colour Estimation", ICIP 2021, with other radii and weights, three passes instead of two.
    """
    foreground = rgb_of(image)
    free_colours(image, alpha, foreground, progress)
    return foreground


def free_colours(image: Array, alpha: Array, colours: Array, progress: Progress = silent) -> None:
    """`estimate_foreground`, written where alpha is between 0 and 1 into what already holds the image's colours.

    Args:
        image: as `estimate_foreground`.
        alpha: as `estimate_foreground`.
        colours: [B, H, W, 3 or 4], of the image's dtype, without gaps, a copy of the image; a fourth channel stays as it is.
        progress: as `estimate_foreground`.
    Raises: Cancelled, through `progress`.
    """
    batch, height = alpha.shape[:2]
    steps = range(0, height, _TILE)
    for one in range(batch):
        places = _places(alpha[one])
        means = _block_means(image[one], alpha[one], places) if places else None
        for row, y in enumerate(steps):
            progress(one * len(steps) + row, batch * len(steps), "estimating foreground colours")
            if means:
                here = [place for place in places if place[0].start // _TILE * _TILE == y]
                each(partial(_free, image[one], alpha[one], colours[one], means), here, alpha)
    progress(batch * len(steps), batch * len(steps), "estimating foreground colours")


def _places(alpha: Array) -> list[Place]:
    """What is half transparent in each tile of a picture, as rectangles of whole blocks."""
    height, width = alpha.shape
    tiles = [(y, x) for y in range(0, height, _TILE) for x in range(0, width, _TILE)]
    found: dict[tuple[int, int], Place] = {}

    def look(tile: tuple[int, int]) -> None:
        rows, columns = slice(tile[0], min(tile[0] + _TILE, height)), slice(tile[1], min(tile[1] + _TILE, width))
        left, top, wide, high = cv2.boundingRect(as_array(_soft(alpha[rows, columns])))
        if wide:
            found[tile] = _whole_blocks(rows, top, high), _whole_blocks(columns, left, wide)

    each(look, tiles, alpha)
    return [found[tile] for tile in tiles if tile in found]


def _whole_blocks(within: slice, first: int, length: int) -> slice:
    start, stop = first // _BLOCK * _BLOCK, -(-(first + length) // _BLOCK) * _BLOCK
    return slice(within.start + start, min(within.start + stop, within.stop))


def _soft(alpha: Array) -> Array:
    """Where an alpha is neither 0 nor 1 once stored in a byte: uint8, not 0."""
    if is_on_cpu(alpha):  # four times as fast
        return alike(cv2.inRange(as_array(alpha), _OPAQUE, 1 - _OPAQUE), alpha)
    return ((alpha >= _OPAQUE) & (alpha <= 1 - _OPAQUE)).byte()


def _grown(place: Place, by: int, height: int, width: int) -> Place:
    """Larger on all sides, within the picture."""
    rows, columns = place
    return slice(max(0, rows.start - by), min(rows.stop + by, height)), slice(max(0, columns.start - by), min(columns.stop + by, width))


def _block_means(image: Array, alpha: Array, places: list[Place]) -> _Means:
    """The first pass, for all that lies around some places."""
    hull = (
        slice(min(one.start for one, _ in places), max(one.stop for one, _ in places)),
        slice(min(one.start for _, one in places), max(one.stop for _, one in places)),
    )
    rows, columns = _grown(hull, _FAR, *alpha.shape)
    blocks = -(-(rows.stop - rows.start) // _BLOCK), -(-(columns.stop - columns.start) // _BLOCK)
    weighted = empty((8, *blocks), alpha)

    def shrink(y: int) -> None:
        part = slice(y, min(y + _ROWS, rows.stop)), columns
        opaque = shrink_plane(alpha[part], _STEP)
        made = _weighted(shrink_levels(image[part], _STEP), None, _fourth_power(opaque), _fourth_power(1 - opaque))
        top = (y - rows.start) // _BLOCK
        weighted[:, top : top + _ROWS // _BLOCK] = shrink_blocks(made, _BLOCK // _STEP)

    each(shrink, range(rows.start, rows.stop, _ROWS), alpha)
    return _Means(_divided(box_mean(weighted, _BLOCKS)), rows.start // _BLOCK, columns.start // _BLOCK)


def _free(image: Array, alpha: Array, colours: Array, means: _Means, place: Place) -> None:
    """The passes that follow, and the last one on the picture's own pixels, written into `colours`."""
    longer = max(alpha.shape)
    step = next(step for side, step in _SIDES if longer >= side)
    around = _grown(place, _NEAR, *alpha.shape)
    y, x = (one.start - start.start for one, start in zip(place, around, strict=True))
    opaque = alpha[place]
    fused = enlarge_blocks(_fused(image[around], alpha[around], _enlarged(means, around, step), step), step, *alpha[around].shape)
    freed = _explained(colour_levels(image[place]), opaque, fused[:, y : y + opaque.shape[0], x : x + opaque.shape[1]], _top(image))
    _replace(colours[place], _soft(opaque), freed)


def _enlarged(means: _Means, place: Place, step: int) -> Array:
    """Means of blocks for every pixel of a place in a picture `step` times smaller. → [6, h, w]"""
    inside = [(one.start - _BLOCK * first, one.stop - _BLOCK * first) for one, first in zip(place, (means.top, means.left), strict=True)]
    skipped = [max(0, start // _BLOCK - 1) for start, _ in inside]
    blocks = means.colours[:, skipped[0] : -(-inside[0][1] // _BLOCK) + 1, skipped[1] : -(-inside[1][1] // _BLOCK) + 1]
    (top, bottom), (left, right) = (
        ((start - _BLOCK * skip) // step, -(-(stop - _BLOCK * skip) // step)) for (start, stop), skip in zip(inside, skipped, strict=True)
    )
    return enlarge_blocks(blocks, _BLOCK // step, bottom, right)[:, top:, left:]


def _fused(image: Array, alpha: Array, means: Array, step: int) -> Array:
    """Means of foreground and background, in a picture `step` times smaller, from ones of larger surroundings. → [6, h, w]"""
    colour, opaque = shrink_levels(image, step), shrink_plane(alpha, step)
    clear = 1 - opaque
    for radius in _RADII:
        foreground = _explained(colour, opaque, means, _top(image))
        means = _divided(box_mean(_weighted(foreground, means[3:], opaque, clear), radius))
    return means


def _weighted(foreground: Array, background: Array | None, opaque: Array, clear: Array) -> Array:
    """Two weights, and colours times weights: [8, h, w]. Without a background of its own the foreground stands for both."""
    made, xp = empty((8, *opaque.shape), opaque), library(opaque)
    made[0], made[1] = opaque, clear
    xp.multiply(foreground, opaque, out=made[2:5])
    xp.multiply(foreground if background is None else background, clear, out=made[5:8])
    return made


def _divided(means: Array) -> Array:
    """Weighted colours divided by their weights: [8, h, w] → [6, h, w]."""
    weights = means[:2].clip(_TINY)
    means[2:5] /= weights[0]
    means[5:] /= weights[1]
    return means[2:]


def _explained(colour: Array, alpha: Array, means: Array, top: float) -> Array:
    """The mean foreground, moved as far as the picture's colour asks for: F + alpha·(colour - alpha·F - (1 - alpha)·B)."""
    near, far = means[:3], means[3:]
    made = far - near
    made *= 1 - alpha
    made += near
    xp = library(made)
    xp.subtract(colour, made, out=made)
    made *= alpha
    made += near
    return xp.clip(made, 0, top, out=made)


def _top(image: Array) -> float:
    return 255.0 if image.dtype == library(image).uint8 else 1.0


def _replace(colours: Array, soft: Array, freed: Array) -> None:
    """Put colours [3, h, w] where `soft`; a fourth channel stays."""
    xp = library(colours)
    if colours.dtype == xp.uint8:
        freed = xp.round(freed, out=freed)
    if not is_on_cpu(colours):
        colours[..., :3] = xp.where(soft[..., None] > 0, freed.permute(1, 2, 0).to(colours.dtype), colours[..., :3])
        return
    place = as_array(colours)
    planes = [*as_array(freed).astype(place.dtype, copy=False)]  # five times as fast
    if place.shape[2] == 4:
        planes.append(cv2.extractChannel(place, 3))
    cv2.copyTo(cv2.merge(planes), as_array(soft), place)


def _fourth_power(share: Array) -> Array:
    square = share * share
    square *= square
    return square
