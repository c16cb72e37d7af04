"""A coarse or blurred alpha fitted to the edges of the photo."""

from __future__ import annotations

from functools import partial

from ..arrays import Array, as_array, empty, floats, library
from ..progress import Progress, silent
from .alone import each
from .guided_filter import linear_models
from .planes import box_mean, colour_planes, enlarge_blocks, shrink_blocks, shrink_plane, window_extremes

__all__ = ["refine_alpha"]

Place = tuple[slice, slice]

_TILE, _TILE_PIXELS = 256, 384
"""sides of the squares worked at once are the lesser of so many blocks and so many pixels: small ones hold little that is far from any edge, and stay in
a processor's cache"""
_EDGE_VARIANCE = 1e-4
"""eps of the guided filter: above the noise and JPEG blocks of a photo (variance of values 0..1)."""
_BEFORE, _AFTER = 2.0, 1.5
"""How many times steeper a transition is made before and after filtering. More after it sharpens people and ruins fur."""
_FLAT, _EDGE = 0.2, 0.6
"""An alpha that changes by less than the first within the edge width is no edge, by more than the second surely is."""


def refine_alpha(image: Array, alpha: Array, edge_width: float, progress: Progress = silent, *, in_place: bool = False) -> Array:
    """Fit a coarse or blurred alpha to the edges of the photo.

    Around every edge of the alpha the guided filter follows the photo, and the transition is made steeper between the lowest and the
    highest alpha of the neighbourhood. So nothing overshoots, a doubtful half-transparent area stays as doubtful as it was, and
    what is farther than `edge_width` from any change of the alpha keeps its exact value.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, 1 = keep, [B, H, W].
        edge_width: how far from the alpha's edge the true edge is looked for, in image pixels, ≥ 0; 0 returns a copy. For a
            mask enlarged n times 1.5·n is good.
        progress: told after every row of tiles.
        in_place: write into `alpha`, which is float32 then, instead of a copy.
    Returns: alpha, float32 0..1, [B, H, W].
    Raises: Cancelled, through `progress`.
    Source: fast guided filter (He, Sun 2015); the steepening between local extremes and its constants are ours, chosen on pictures with known alpha.
    """
    batch, height, width = alpha.shape
    refined = alpha if in_place else floats(alpha, copy=True)
    if edge_width <= 0:
        return refined
    radius = max(1, round(edge_width / 3))
    block = max(1, min(radius // 2, 16))
    reach = max(1, round(edge_width / 3 / block))
    blocks = -(-height // block), -(-width // block)
    side = max(min(_TILE, _TILE_PIXELS // block), 4 * reach)
    steps, halo = range(0, blocks[0], side), _halo(reach)
    for one in range(batch):
        before: Array = refined[one, :0]
        for row, y in enumerate(steps):
            top = max(0, y - halo)
            rows = slice(top * block, min((y + side + halo) * block, height))
            before = _unrefined(refined[one], before, rows, min((y + halo) * block, height) if row else 0)
            tiles = [(slice(y - top, y - top + side), slice(x, x + side)) for x in range(0, blocks[1], side)]
            each(partial(_refine_tile, image[one, rows], before, refined[one, rows], reach, block), tiles, alpha)
            progress(one * len(steps) + row + 1, batch * len(steps), "refining edges")
    return refined


def _halo(reach: int) -> int:
    """Blocks that a tile sees around itself: three reaches for the extremes and their mean, two for the filter, and neighbours for the enlargement."""
    return 5 * reach + 2


def _unrefined(refined: Array, before: Array, rows: slice, seen: int) -> Array:
    """Rows of an alpha as they were: above row `seen` they are the last of those that were there before, below nothing is refined yet."""
    kept = seen - rows.start
    made = empty((rows.stop - rows.start, refined.shape[1]), refined)
    made[:kept] = before[len(before) - kept :]
    made[kept:] = refined[rows.start + kept : rows.stop]
    return made


def _refine_tile(image: Array, alpha: Array, refined: Array, reach: int, block: int, tile: Place) -> None:
    """Write what changes in one tile of one picture into `refined`. Places and `reach` are in blocks."""
    around = _grown(tile, _halo(reach))
    coarse = shrink_plane(alpha[_pixels(around, block)], block)
    if coarse.max() - coarse.min() <= _FLAT:
        return
    edges = _edges(coarse, reach)
    active = _active(edges[2], around, tile)
    if active is None:
        return

    near = _grown(active, 2 * reach + 1)
    here = _within(near, around)
    low, span, _ = edges = edges[(slice(None), *here)]
    steeper = low + span * _steepened((coarse[here] - low) / span, _BEFORE)
    part = _pixels(near, block)
    xp = library(alpha)
    colour, before = colour_planes(image[part]), floats(alpha[part])
    models = linear_models(shrink_blocks(colour, block), steeper, reach, _EDGE_VARIANCE)
    red, green, blue, offset, low, span, strength = enlarge_blocks(xp.concatenate((models, edges)), block, *before.shape)
    followed = red * colour[0]
    followed += green * colour[1]
    followed += blue * colour[2]
    followed += offset
    followed -= low
    followed /= span
    after = _steepened(xp.clip(followed, 0, 1, out=followed), _AFTER)
    after *= span
    after += low
    after -= before
    after *= strength
    after += before
    xp.clip(after, 0, 1, out=after)  # means of extremes come out of running sums: 1 may be 1.00002

    target = _pixels(active, block)
    refined[target] = after[_within(target, part)]


def _edges(coarse: Array, reach: int) -> Array:
    """Lowest alpha around each block, its distance to the highest, and how surely that is an edge: [3, H, W]."""
    xp = library(coarse)
    low, high = box_mean(window_extremes(coarse, 2 * reach), reach)
    low, high = xp.minimum(low, coarse), xp.maximum(high, coarse)
    span = (high - low).clip(1e-3)
    strength = ((span - _FLAT) / (_EDGE - _FLAT)).clip(0, 1)
    return xp.stack((low, span, strength * strength * (3 - 2 * strength)))


def _active(strength: Array, around: Place, tile: Place) -> Place | None:
    """The rectangle of blocks in a tile that change, and one more for the enlargement; None where nothing does."""
    rows, columns = _within(tile, around)
    used = as_array(strength[rows, columns] > 0)
    if not used.any():
        return None
    extents = []
    for axis, one in enumerate(tile):
        (places,) = used.any(1 - axis).nonzero()
        extents.append(slice(one.start + int(places[0]), one.start + int(places[-1]) + 1))
    return _grown((extents[0], extents[1]), 1)


def _steepened(share: Array, times: float) -> Array:
    steep = share - 0.5
    steep *= times
    steep += 0.5
    return library(steep).clip(steep, 0, 1, out=steep)


def _grown(place: Place, by: int) -> Place:
    """Larger on all sides; what lies beyond the picture's end is cut off by indexing."""
    rows, columns = place
    return slice(max(0, rows.start - by), rows.stop + by), slice(max(0, columns.start - by), columns.stop + by)


def _pixels(place: Place, block: int) -> Place:
    rows, columns = place
    return slice(rows.start * block, rows.stop * block), slice(columns.start * block, columns.stop * block)


def _within(place: Place, origin: Place) -> Place:
    """A place counted from the top left of another."""
    (rows, columns), (y, x) = place, (origin[0].start, origin[1].start)
    return slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x)
