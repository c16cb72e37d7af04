"""Tiles: what is cut apart comes together again."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.tiles import Tiling


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(2, 60), st.floats(0, 0.5))
def test_untouched_tiles_give_the_picture_again(height, width, side, share):
    picture = torch.rand(height, width)
    together = torch.zeros(height, width)
    for tile in Tiling(height, width, side, int(share * side), picture):
        part = picture[tile.rows, tile.columns]
        assert part.shape == tile.window.shape == (min(side, height), min(side, width))
        together[tile.rows, tile.columns] += tile.window * part
    torch.testing.assert_close(together, picture, atol=1e-6, rtol=0)


def test_a_step_between_neighbours_fades():
    """Tiles that answer 0 and 1 meet in a slope no steeper than a cosine over the overlap."""
    together = torch.zeros(10, 100)
    tiling = Tiling(10, 100, 60, 20, together)
    for number, tile in enumerate(tiling):
        together[tile.rows, tile.columns] += tile.window * number
    assert len(tiling) == 2
    assert float(together.diff(dim=1).abs().max()) < torch.pi / 2 / 20 + 1e-6


def test_neighbours_overlap_at_least_as_asked():
    columns = [tile.columns for tile in Tiling(50, 1000, 200, 64)]
    assert all(before.stop - after.start >= 64 for before, after in pairwise(columns))


def test_more_than_half_a_side_cannot_overlap():
    with pytest.raises(ValueError, match="overlap"):
        Tiling(10, 10, 8, 5)
