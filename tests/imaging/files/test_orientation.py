"""A photo is seen the way it was held, whatever file it came in, and a result says nothing that would turn it again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.imaging.files import read_picture, write_picture
from u2studio.shared_core.imaging.files.metadata import exif_orientation, settled_exif

from .making import encoded, noise, orientation_exif, png, png_chunk, tiff

SEEN = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
"""what the viewer must see, [2, 3]; below, how a camera of each orientation stores it, written out by hand from the EXIF standard"""
STORED = {
    1: [[10, 20, 30], [40, 50, 60]],
    2: [[30, 20, 10], [60, 50, 40]],
    3: [[60, 50, 40], [30, 20, 10]],
    4: [[40, 50, 60], [10, 20, 30]],
    5: [[10, 40], [20, 50], [30, 60]],
    6: [[30, 60], [20, 50], [10, 40]],
    7: [[60, 30], [50, 20], [40, 10]],
    8: [[40, 10], [50, 20], [60, 30]],
}


def _file(kind: str, orientation: int) -> bytes:  # noqa: PLR0911
    stored = np.repeat(np.array(STORED[orientation], np.uint8)[..., None], 3, 2)
    tag = orientation_exif(orientation)
    chunk = png_chunk(b"eXIf", tag)
    match kind:
        case "PNG":
            return png(stored, chunk)
        case "PNG, said at the end":
            data = png(stored)
            return data[:-12] + chunk + data[-12:]
        case "PNG 16":
            return png(stored.astype(np.uint16) * 257, chunk)
        case "TIFF":
            return encoded(stored, "TIFF", tiffinfo={274: orientation})
        case "TIFF, compressed":
            return encoded(stored, "TIFF", tiffinfo={274: orientation}, compression="tiff_lzw")
        case "TIFF 16":
            return tiff(stored.astype(np.uint16) * 257, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        case "TIFF float":
            return tiff(stored.astype(np.float32) / 255, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        case "WEBP":
            return encoded(stored, "WEBP", lossless=True, exif=b"Exif\0\0" + tag)
        case "JPEG" | "JPEG gray":  # blocks of 8 × 8 of one shade survive
            large = np.kron(stored[..., 0], np.ones((16, 16), np.uint8))
            return encoded(large if kind == "JPEG gray" else np.repeat(large[..., None], 3, 2), "JPEG", quality=100, exif=b"Exif\0\0" + tag)
    raise AssertionError(kind)


KINDS = ["PNG", "PNG, said at the end", "PNG 16", "TIFF", "TIFF, compressed", "TIFF 16", "TIFF float", "WEBP", "JPEG", "JPEG gray"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", STORED)
def test_all_orientations(kind: str, orientation: int, tmp_path: Path) -> None:
    picture = read_picture(io.BytesIO(_file(kind, orientation)))
    gray = picture.pixels[..., 1]
    gray = gray if gray.dtype == np.uint8 else np.rint(gray * 255).astype(np.uint8)
    gray = gray[8::16, 8::16] if kind.startswith("JPEG") else gray
    np.testing.assert_array_equal(gray, SEEN)
    assert picture.pixels.flags.c_contiguous
    write_picture(tmp_path / "again.png", picture.own, metadata=picture.metadata, depth=picture.depth)
    again = read_picture(tmp_path / "again.png")
    np.testing.assert_array_equal(again.pixels, picture.pixels)
    if picture.metadata.exif:
        assert exif_orientation(picture.metadata.exif) == 1


def test_agrees_with_pillow_on_a_larger_photo() -> None:
    from PIL import ImageOps

    for orientation in STORED:
        data = encoded(noise(35, 51), "PNG", exif=b"Exif\0\0" + orientation_exif(orientation))
        theirs = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        np.testing.assert_array_equal(read_picture(io.BytesIO(data)).pixels, np.asarray(theirs))


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_nonsense_says_nothing(value: int) -> None:
    assert exif_orientation(orientation_exif(value)) == 1
    data = png(noise(4, 5), png_chunk(b"eXIf", orientation_exif(value)))
    np.testing.assert_array_equal(read_picture(io.BytesIO(data)).pixels, noise(4, 5))


def test_damaged_exif_is_dropped_not_kept() -> None:
    whole = orientation_exif(6)
    for length in range(len(whole)):
        assert exif_orientation(whole[:length]) in (1, 6)
        assert settled_exif(whole[:length]) is None
