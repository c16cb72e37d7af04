"""TIFF: what a file's directory says before anything is decoded, and files of 8 or 16 bits written."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from .metadata import sane_dpi
from .picture import Metadata

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

__all__ = ["Directory", "read_directory", "write_tiff"]

_DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""description, make, model, software, date, artist, copyright: the tags of the picture's directory that are EXIF and not layout"""
_EXIF, _GPS, _INTEROP = 34665, 34853, 40965
_BAND_BYTES = 1 << 20
_LEVEL = 6
_LONG, _BYTES, _UNDEFINED = 4, 1, 7
"""types of tags"""
_LITTLE_ENDIAN = b"II*\0"


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A TIFF file's first picture, as its tags describe it."""

    width: int
    height: int
    """as it is seen, turned by the orientation it carries"""
    bits: int
    is_float: bool
    photometric: int
    """0 white is zero, 1 black is zero, 2 RGB, …"""
    samples: int
    interleaved: bool
    alpha: str
    """"none", "straight" or "premultiplied" """
    pages: int
    """pictures in the file; smaller copies of the first are not counted. At most 2: that is all anybody asks."""
    complete: bool
    """every strip lies inside the file"""
    metadata: Metadata

    @property
    def deep(self) -> bool:
        """More than 8 bits per channel."""
        return self.bits > 8


def read_directory(stream: BinaryIO) -> Directory:
    """Read the tags. Raises: what Pillow raises for a damaged directory."""
    tags, pages = _tags(stream)
    size = stream.seek(0, io.SEEK_END)
    bits, formats, extra = _all(tags, 258, 1), _all(tags, 339, 1), _all(tags, 338)
    samples = int(tags.get(277, 1))
    colours = 3 if tags.get(262) in (2, 6, 8) else 4 if tags.get(262) == 5 else 1
    # OpenCV and others leave ExtraSamples out; "unspecified" (0) is a channel of unknown meaning, as in Pillow
    kind = (2 if not extra else extra[0]) if samples == colours + 1 else 0
    offsets, counts = (_all(tags, 273), _all(tags, 279)) if 273 in tags else (_all(tags, 324), _all(tags, 325))
    exif = _exif(stream, tags)
    width, height = (int(tags[tag]) for tag in ((257, 256) if tags.get(274) in (5, 6, 7, 8) else (256, 257)))
    return Directory(
        width=width,
        height=height,
        bits=max(bits),
        is_float=3 in formats,
        photometric=int(tags.get(262, 1)),
        samples=samples,
        interleaved=samples == 1 or tags.get(284, 1) == 1,
        alpha={1: "premultiplied", 2: "straight"}.get(kind, "none"),
        pages=pages,
        complete=bool(offsets) and all(start + length <= size for start, length in zip(offsets, counts, strict=False)),
        metadata=Metadata(icc=_bytes(tags.get(34675)), exif=exif, xmp=_bytes(tags.get(700)), dpi=_dpi(tags)),
    )


def _tags(stream: BinaryIO) -> tuple[dict[int, Any], int]:
    """The tags of the first picture and how many pictures there are, counted to 2."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    stream.seek(0)
    start = stream.read(8)
    directory = ImageFileDirectory_v2(start + stream.read(8) if 43 in start[2:4] else start)
    first: dict[int, Any] = {}
    pages, seen, offset = 0, set(), directory.next
    while offset and offset not in seen and len(seen) < 64 and pages < 2:
        seen.add(offset)
        stream.seek(offset)
        directory.load(stream)
        tags = dict(directory)
        pages += not int(tags.get(254, 0)) & 1  # bit 0: a reduced copy of another picture in this file
        first = first or tags
        offset = directory.next
    return first, pages


def _all(tags: dict[int, Any], tag: int, *default: int) -> tuple[int, ...]:
    value = tags.get(tag, default)
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _bytes(value: object) -> bytes | None:
    if isinstance(value, tuple):
        value = bytes(value)
    return value if isinstance(value, bytes) and value else None


def _dpi(tags: dict[int, Any]) -> tuple[float, float] | None:
    scale = {2: 1.0, 3: 2.54}.get(tags.get(296, 2))
    dpi = sane_dpi((tags.get(282), tags.get(283)))
    return sane_dpi((dpi[0] * scale, dpi[1] * scale)) if dpi and scale else None


def _exif(stream: BinaryIO, tags: dict[int, Any]) -> bytes | None:
    """The descriptive tags, gathered into an EXIF structure of their own."""
    from PIL.Image import Exif

    exif = Exif()
    exif.endian = "<"
    try:
        source = Exif()
        stream.seek(0)
        source.load_from_fp(stream)  # pyright: ignore[reportArgumentType]
        for tag in _DESCRIPTIVE:
            if tag in tags:
                exif[tag] = _raw(tags[tag])
        for tag in (_EXIF, _GPS):
            if tag in tags and (inner := source.get_ifd(tag)):
                exif[tag] = {key: _raw(value) for key, value in inner.items() if key != _INTEROP}
        return exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else None
    except Exception:  # damaged descriptions raise anything; a photo with them is still a photo
        return None


def _raw(value: Any) -> Any:
    """Text as the bytes it came from: Pillow reads Latin-1 and would write question marks."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else value


def write_tiff(stream: BinaryIO, pixels: np.ndarray, metadata: Metadata) -> None:
    """Write one picture, deflated with a horizontal predictor, in one strip.

    Args:
        stream: written from its current place.
        pixels: [H, W], [H, W, 3] or [H, W, 4] with straight alpha; uint8 or uint16.
        metadata: its profile, EXIF, XMP and resolution are kept.
    """
    height, width, samples = *pixels.shape[:2], pixels.shape[2] if pixels.ndim == 3 else 1
    strip = list(_compressed(pixels))
    directory = _directory(metadata if samples > 1 else replace(metadata, icc=None))
    layout = {256: width, 257: height, 258: (8 * pixels.itemsize,) * samples, 259: 8, 262: 2 if samples > 1 else 1, 273: 0, 274: 1, 277: samples,
              278: height, 279: sum(map(len, strip)), 284: 1, 317: 2, 339: (1,) * samples}  # fmt: skip
    directory.tagtype[273] = directory.tagtype[279] = _LONG
    for tag, value in layout.items():
        directory[tag] = value
    if samples == 4:
        directory[338] = 2
    start = _LITTLE_ENDIAN + (8).to_bytes(4, "little")
    stream.write(start + directory.tobytes(len(start)))  # Pillow makes 273, where the strip begins, the end of the directory
    for part in strip:
        stream.write(part)


def _compressed(pixels: np.ndarray) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL)
    rows = max(1, _BAND_BYTES // pixels[:1].nbytes)
    for top in range(0, len(pixels), rows):
        band = pixels[top : top + rows]
        predicted = band.astype(band.dtype.newbyteorder("<"))
        predicted[:, 1:] -= band[:, :-1]
        yield compressor.compress(predicted.data)
    yield compressor.flush()


def _directory(metadata: Metadata) -> ImageFileDirectory_v2:
    """A directory with the metadata as tags."""
    from PIL.Image import Exif
    from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

    directory = ImageFileDirectory_v2(_LITTLE_ENDIAN + bytes(4))
    if metadata.exif:
        exif = Exif()
        exif.load(metadata.exif)
        for tag in _DESCRIPTIVE:
            if tag in exif:
                directory[tag] = _raw(exif[tag])
        for tag in (_EXIF, _GPS):
            if inner := exif.get_ifd(tag):
                directory.tagtype[tag] = _LONG
                directory[tag] = {key: _raw(value) for key, value in inner.items() if key != _INTEROP}
    if metadata.dpi:
        directory[282], directory[283], directory[296] = IFDRational(metadata.dpi[0]), IFDRational(metadata.dpi[1]), 2
    for tag, data in ((700, metadata.xmp), (34675, metadata.icc)):
        if data:
            directory.tagtype[tag] = _UNDEFINED if tag == 34675 else _BYTES
            directory[tag] = data
    return directory
