"""Cut-outs without the colours that nobody sees."""

from __future__ import annotations

import numpy as np
import pytest

from u2studio.shared_core.imaging.files import clear_hidden_colours


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_colours_far_from_anything_visible_are_black_and_all_others_stay(kind: type) -> None:
    pixels = np.ones((40, 60, 4), kind)
    pixels[..., 3] = 0
    pixels[20, 30, 3] = 1
    before = pixels.copy()
    clear_hidden_colours(pixels)
    kept = np.zeros((40, 60), bool)
    kept[12:29, 22:39] = True
    assert np.array_equal(pixels[kept], before[kept])
    assert not pixels[~kept].any()


def test_where_nothing_is_hidden_nothing_changes() -> None:
    pixels = np.full((10, 10, 4), 7, np.uint8)
    clear_hidden_colours(pixels)
    assert (pixels == 7).all()
