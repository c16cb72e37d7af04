"""A large picture in overlapping tiles, put together again without seams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Tile", "Tiling"]


@dataclass(frozen=True)
class Tile:
    """One tile: where it lies, and how much each of its pixels counts. The windows of all tiles add up to 1 at every pixel."""

    rows: slice
    columns: slice
    window: Tensor
    """float32 0..1, [rows, columns]"""


class Tiling:
    """Tiles of one size that cover a picture; neighbours overlap and fade into each other.

    `sum(tile.window * picture[tile.rows, tile.columns])` over all tiles, added up in place, is the picture again.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        side: of a tile, in pixels; a smaller picture is one tile.
        overlap: least overlap of neighbours, in pixels, 0 to half a side.
        device: where the windows live.
    """

    def __init__(self, height: int, width: int, side: int, overlap: int, device: torch.device | str = "cpu") -> None:
        if not 0 <= overlap <= side // 2:
            raise ValueError(f"an overlap of {overlap} is not between 0 and half of {side}")
        self._rows, self._columns = _cuts(height, side, overlap, device), _cuts(width, side, overlap, device)

    def __len__(self) -> int:
        return len(self._rows) * len(self._columns)

    def __iter__(self) -> Iterator[Tile]:
        for rows, down in self._rows:
            for columns, across in self._columns:
                yield Tile(rows, columns, down[:, None] * across)


def _cuts(length: int, side: int, overlap: int, device: torch.device | str) -> list[tuple[slice, Tensor]]:
    """Evenly spread tiles along one axis and their weights: cosine ramps where neighbours overlap."""
    if length <= side:
        return [(slice(0, length), torch.ones(length, device=device))]
    count = -(-(length - overlap) // (side - overlap))
    starts = [round(number * (length - side) / (count - 1)) for number in range(count)]
    place = torch.arange(side, dtype=torch.float64) + 0.5
    cuts = []
    for number, start in enumerate(starts):
        weight = torch.ones(side, dtype=torch.float64)
        if number:
            weight *= _ramp(place / (starts[number - 1] + side - start))
        if number < count - 1:
            weight *= _ramp((side - place) / (start + side - starts[number + 1]))
        cuts.append((slice(start, start + side), weight))
    total = torch.zeros(length, dtype=torch.float64)
    for part, weight in cuts:
        total[part] += weight
    return [(part, (weight / total[part]).float().to(device)) for part, weight in cuts]


def _ramp(share: Tensor) -> Tensor:
    """0 → 1 as half a cosine; 1 beyond. NaN and infinity (no overlap at all) count as beyond."""
    return 0.5 - 0.5 * torch.cos(torch.pi * share.nan_to_num(1, 1, 1).clamp(0, 1))
