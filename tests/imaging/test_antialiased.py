"""Photos made smaller for a network: the same bytes with and without the fast extra, and Pillow's but for rounding."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.imaging import antialiased

SIZES = [(300, 451, 320, 320), (1300, 700, 320, 320), (37, 901, 64, 48), (1, 9, 5, 5), (900, 2, 3, 3), (320, 320, 320, 320), (3, 4, 200, 100)]


def _picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height + width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width", "tall", "wide"), SIZES)
def test_every_byte_is_pillows_within_one(height: int, width: int, tall: int, wide: int) -> None:
    image = _picture(height, width)
    theirs = np.asarray(Image.fromarray(image).resize((wide, tall), Image.Resampling.BILINEAR))
    assert np.abs(antialiased.shrink_bytes(image, tall, wide).astype(int) - theirs).max() <= 1


@pytest.mark.skipif(find_spec("cykooz_resizer") is None, reason="needs cykooz-resizer")
@pytest.mark.parametrize(("height", "width", "tall", "wide"), SIZES)
def test_pytorch_gives_the_same_bytes(height: int, width: int, tall: int, wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image = _picture(height, width)
    monkeypatch.setattr(antialiased, "_PART_BYTES", 1 << 16)  # also in parts
    ours = antialiased.shrink_bytes(image, tall, wide)
    monkeypatch.setitem(sys.modules, "cykooz_resizer", None)
    theirs = antialiased.shrink_bytes(image, tall, wide)
    assert (ours != theirs).mean() < 0.001
    assert np.abs(ours.astype(int) - theirs).max() <= 1
