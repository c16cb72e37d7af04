"""Two pictures mixed by a share that differs from pixel to pixel, and pictures worked in strips of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import cv2

from ..arrays import Array, alike, as_array, floats, is_on_cpu, library
from .alone import each
from .cutout import as_floats

__all__ = ["in_strips", "interleaved", "mix", "stored"]

_AT_ONCE = 1 << 15
"""Pixels of a strip on the CPU: these stay in a processor's cache."""
_ROWS = 512
"""of a strip elsewhere, so that a large picture of bytes never stands in memory as floats"""


def mix(under: Array, over: Array, share: Array, made: Array) -> None:
    """Write (1 - share)·under + share·over into `made`. Where the share is 0 or 1 the picture is exactly the one or the other.

    Args:
        under: [H, W, 3 or 4], uint8 or float32 0..1, a fourth channel is ignored; or a colour, float32 0..1, [3].
        over: the same.
        share: 0..1, [H, W].
        made: [H, W, 3], uint8 or float32, without gaps; of one kind and in one place with the others.
    """
    in_strips(partial(_mix, under, over, share, made), share)


def in_strips(work: Callable[[slice], None], plane: Array) -> None:
    """Do `work` for all rows of a plane [H, W], some at a time, on the CPU side by side."""
    height, width = plane.shape
    rows = max(1, _AT_ONCE // width) if is_on_cpu(plane) else _ROWS
    each(work, [slice(y, y + rows) for y in range(0, height, rows)], plane)


def stored(values: Array, made: Array) -> None:
    """Write floats [h, w, C] into `made`, which is shaped alike: 0..1 into floats, levels 0..255 into bytes."""
    xp = library(made)
    if made.dtype != xp.uint8:
        xp.clip(values, 0, 1, out=made)
    elif is_on_cpu(made):
        cv2.convertScaleAbs(as_array(values), dst=as_array(made))
    else:
        made[:] = values.round_().clamp_(0, 255)


def interleaved(planes: Sequence[Array]) -> Array:
    """[C, h, w], or C times [h, w] → [h, w, C]."""
    if is_on_cpu(planes[0]):
        return alike(cv2.merge([as_array(one) for one in planes]), planes[0])
    return library(planes[0]).stack([*planes], -1)


def _mix(under: Array, over: Array, share: Array, made: Array, rows: slice) -> None:
    weight, place = floats(share[rows]), made[rows]
    mixed = _times(over, weight, place, rows)
    mixed += _times(under, 1 - weight, place, rows)
    stored(mixed, place)


def _times(picture: Array, weight: Array, made: Array, rows: slice) -> Array:
    """Rows of a picture, or a colour, times weights [h, w], in the levels of what is made of them. → float32 [h, w, 3], in memory of its own"""
    xp = library(made)
    of_bytes = made.dtype == xp.uint8
    if picture.ndim == 1:
        return interleaved([weight * (value * (255 if of_bytes else 1)) for value in picture.tolist()])
    part = picture[rows, :, :3]
    times = interleaved([weight] * 3)
    times *= floats(part) if of_bytes else as_floats(part)
    if of_bytes and picture.dtype != xp.uint8:
        times *= 255
    return times
