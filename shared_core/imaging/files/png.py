"""PNG written: 8 and 16 bits, with profile, EXIF and provenance. And its chunks walked, for what must be known before decoding.

Source: PNG specification, third edition (W3C 2025), sections 5 (chunks) and 11 (chunk contents).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import BinaryIO

import numpy as np

from .picture import Metadata
from .png_rows import zlib_stream

__all__ = ["chunks", "is_deep", "write_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def is_deep(stream: BinaryIO) -> bool:
    """Whether a PNG holds 16 bits per channel."""
    stream.seek(24)
    return stream.read(1) == b"\x10"


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk's type and contents, to IEND. Raises ValueError where the file ends before it, or a chunk's sum is wrong."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            break
        contents = data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(contents, zlib.crc32(kind))):
            raise ValueError("the sum of one of its chunks is wrong")
        yield kind, contents
        if kind == b"IEND":
            return
        at += 12 + length
    raise ValueError("it ends before its last chunk")


def write_png(stream: BinaryIO, pixels: np.ndarray, metadata: Metadata, texts: Mapping[str, str]) -> None:
    """Write one picture.

    Args:
        stream: written from its current place; need not be seekable.
        pixels: [H, W], [H, W, 3] or [H, W, 4] with straight alpha; uint8 or uint16.
        metadata: its profile, EXIF, XMP and resolution are kept; without profile the file says sRGB.
        texts: keyword (1 to 79 Latin-1 characters) → ASCII text, stored as they are.
    """
    height, width = pixels.shape[:2]
    colour_type = 0 if pixels.ndim == 2 else {3: 2, 4: 6}[pixels.shape[2]]
    stream.write(_SIGNATURE)
    _chunk(stream, b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, colour_type, 0, 0, 0))
    if colour_type and metadata.icc:
        _chunk(stream, b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))
    elif colour_type:
        _chunk(stream, b"sRGB", b"\0")
    if metadata.dpi:
        _chunk(stream, b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in metadata.dpi), 1))
    if metadata.exif:
        _chunk(stream, b"eXIf", metadata.exif)
    if metadata.xmp:
        _chunk(stream, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    for keyword, text in texts.items():
        _chunk(stream, b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("ascii"))
    for part in zlib_stream(pixels):
        _chunk(stream, b"IDAT", part)
    _chunk(stream, b"IEND", b"")


def _chunk(stream: BinaryIO, kind: bytes, contents: bytes) -> None:
    stream.write(struct.pack(">I4s", len(contents), kind))
    stream.write(contents)
    stream.write(struct.pack(">I", _crc32()(contents, zlib.crc32(kind))))


@cache
def _crc32() -> Callable[[bytes, int], int]:
    """libdeflate's where it is installed, which needs a sixth of zlib's time."""
    try:
        from deflate import crc32
    except ImportError:
        return zlib.crc32
    return crc32
