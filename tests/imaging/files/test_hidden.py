"""Cut-outs without the colours that nobody sees."""

from __future__ import annotations

import numpy as np
import pytest

from u2studio.shared_core.imaging.files import clear_hidden_colours


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_colours_far_from_anything_seen_are_black_and_all_others_stay(kind: type) -> None:
    seen, faint = (26, 5) if kind is np.uint8 else (0.1, 0.02)
    pixels = np.ones((40, 60, 4), kind)
    pixels[..., 3] = 0
    pixels[20, 30, 3], pixels[3, 5, 3] = seen, faint
    before = pixels.copy()
    clear_hidden_colours(pixels)
    kept = np.zeros((40, 60), bool)
    kept[12:29, 22:39] = True
    kept[3, 5] = True  # it has a colour, however little it shows; its neighbours have none
    assert np.array_equal(pixels[kept], before[kept])
    assert not pixels[~kept].any()


@pytest.mark.parametrize("opacity", [1, 12, 13, 120, 255])
def test_scaled_down_by_programs_that_know_no_transparency_it_looks_as_before(opacity: int) -> None:
    pixels = np.full((64, 64, 4), 200, np.uint8)
    pixels[..., 3] = 0
    pixels[:, 28:, 3] = opacity  # an edge as hard as can be, in the middle of a pixel of the small picture
    cleared = pixels.copy()
    clear_hidden_colours(cleared)
    assert not np.array_equal(cleared, pixels)
    before, after = (one.reshape(8, 8, 8, 8, 4).mean((1, 3)) for one in (pixels, cleared))
    on_white = [255 + (one[..., :3] - 255) * one[..., 3:] / 255 for one in (before, after)]
    assert np.abs(on_white[0] - on_white[1]).max() < 3


def test_where_nothing_is_hidden_nothing_changes() -> None:
    pixels = np.full((10, 10, 4), 7, np.uint8)
    clear_hidden_colours(pixels)
    assert (pixels == 7).all()
