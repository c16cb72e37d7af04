"""Photos as training reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...imaging.files import read_picture

__all__ = ["photo_pixels"]


def photo_pixels(file: Path) -> NDArray[np.uint8]:
    """The colours of a file, [H, W, 3], sRGB, upright, in 8 bits whatever the file holds. Raises: BadInput."""
    pixels = read_picture(file).pixels[:, :, :3]
    return np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else np.rint(pixels * 255), np.uint8)
