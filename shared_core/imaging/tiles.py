"""A large picture in overlapping tiles, put together again without seams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, alike

__all__ = ["Tile", "Tiling"]


@dataclass(frozen=True)
class Tile:
    """One tile: where it lies, and how much each of its pixels counts. The windows of all tiles add up to 1 at every pixel."""

    rows: slice
    columns: slice
    window: Array
    """float32 0..1, [rows, columns]"""


class Tiling:
    """Tiles of one size that cover a picture; neighbours overlap and fade into each other.

    `sum(tile.window * picture[tile.rows, tile.columns])` over all tiles, added up in place, is the picture again.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        side: of a tile, in pixels; a smaller picture is one tile.
        overlap: least overlap of neighbours, in pixels, 0 to half a side.
        beside: what the windows are for, which they are alike: arrays, or tensors in its place. Default: arrays.
    """

    def __init__(self, height: int, width: int, side: int, overlap: int, beside: Array | None = None) -> None:
        if not 0 <= overlap <= side // 2:
            raise ValueError(f"an overlap of {overlap} is not between 0 and half of {side}")
        cuts = _cuts(height, side, overlap), _cuts(width, side, overlap)
        self._rows, self._columns = ([(part, weight if beside is None else alike(weight, beside)) for part, weight in one] for one in cuts)

    def __len__(self) -> int:
        return len(self._rows) * len(self._columns)

    def __iter__(self) -> Iterator[Tile]:
        for rows, down in self._rows:
            for columns, across in self._columns:
                yield Tile(rows, columns, down[:, None] * across)


def _cuts(length: int, side: int, overlap: int) -> list[tuple[slice, np.ndarray]]:
    """Evenly spread tiles along one axis and their weights: cosine ramps where neighbours overlap."""
    if length <= side:
        return [(slice(0, length), np.ones(length, np.float32))]
    count = -(-(length - overlap) // (side - overlap))
    starts = [round(number * (length - side) / (count - 1)) for number in range(count)]
    place = np.arange(side) + 0.5
    cuts = []
    for number, start in enumerate(starts):
        weight = np.ones(side)
        if number:
            weight *= _ramp(place, starts[number - 1] + side - start)
        if number < count - 1:
            weight *= _ramp(side - place, start + side - starts[number + 1])
        cuts.append((slice(start, start + side), weight))
    total = np.zeros(length)
    for part, weight in cuts:
        total[part] += weight
    return [(part, (weight / total[part]).astype(np.float32)) for part, weight in cuts]


def _ramp(place: np.ndarray, overlap: int) -> np.ndarray:
    """0 → 1 as half a cosine over the overlap; 1 beyond."""
    return 0.5 - 0.5 * np.cos(np.pi * (place / overlap).clip(0, 1)) if overlap else np.ones(len(place))
