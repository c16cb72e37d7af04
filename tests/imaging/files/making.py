"""Files and profiles made by code, byte by byte where a library would not make them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
"""XYZ (D50) of Display P3's red, green and blue"""
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB_CURVE = b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))


def gamma_curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def profile(tags: dict[bytes, bytes], space: bytes = b"RGB ", connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile of the given tags, version 2.4."""
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"Made\0" + bytes(78), b"wtpt": _xyz((0.9642, 1.0, 0.8249)), **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"made", 0x02400000, b"mntr", space, connection) + bytes(12) + b"acsp" + bytes(28)
    header += _xyz((0.9642, 1.0, 0.8249))[8:] + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def matrix_profile(primaries: Sequence[Sequence[float]] = P3, curve: bytes = SRGB_CURVE) -> bytes:
    colours = {name: _xyz(xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    return profile({**colours, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)})


def gray_profile(gamma: float) -> bytes:
    return profile({b"kTRC": gamma_curve(gamma)}, b"GRAY")


def table_profile(space: bytes, corners: np.ndarray) -> bytes:
    """A profile of a look-up table with two steps a channel. `corners`: [2 ** channels, 3] Lab 0..255, first channel slowest."""
    channels = len(corners).bit_length() - 1
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + struct.pack(">4B9i", channels, 3, 2, 0, 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    return profile({b"A2B0": lut + ramp * channels + corners.astype(np.uint8).tobytes() + ramp * 3}, space, b"Lab ")


def png_chunk(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))


def png(pixels: np.ndarray, *extra: bytes, size: tuple[int, int] | None = None, colour_type: int | None = None) -> bytes:
    """An unfiltered PNG. `extra`: chunks before the pixels; `size`: a width and height to claim instead of the true ones."""
    height, width = pixels.shape[:2]
    kind = colour_type if colour_type is not None else {1: 0, 2: 4, 3: 2, 4: 6}[1 if pixels.ndim == 2 else pixels.shape[2]]
    rows = pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels
    header = struct.pack(">II5B", *(size or (width, height)), 8 * pixels.itemsize, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = (png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", body), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(pixels: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    """A picture as Pillow writes it."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    """A picture as tifffile writes it."""
    import tifffile

    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()


def exif(entries: Sequence[tuple[int, int, int, bytes]], thumbnail: bytes = b"") -> bytes:
    """An EXIF structure, big-endian. `entries`: tag, type, count, value; values above four bytes follow the directory."""
    start = 8 + 2 + 12 * len(entries) + 4
    directory, values = struct.pack(">H", len(entries)), b""
    for tag, kind, count, value in sorted(entries):
        field = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(">I", start + len(values))
        values += value if len(value) > 4 else b""
        directory += struct.pack(">HHI", tag, kind, count) + field
    second = b""
    if thumbnail:
        at = start + len(values)
        pair = struct.pack(">HHII", 0x0201, 4, 1, at + 2 + 24 + 4) + struct.pack(">HHII", 0x0202, 4, 1, len(thumbnail))
        second = struct.pack(">H", 2) + pair + bytes(4) + thumbnail
        directory += struct.pack(">I", at)
    else:
        directory += bytes(4)
    return b"MM\0*" + struct.pack(">I", 8) + directory + values + second


def orientation_exif(orientation: int) -> bytes:
    return exif([(0x0112, 3, 1, struct.pack(">H", orientation))])


def noise(height: int = 37, width: int = 41, channels: int = 3, *, dtype: type = np.uint8, seed: int = 1) -> np.ndarray:
    """[height, width, channels] of random values over the whole range of an integer dtype; channels 0: [height, width]."""
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
