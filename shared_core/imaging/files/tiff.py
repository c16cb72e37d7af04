"""TIFF: what a file's directory says before anything is decoded, and files of 8 or 16 bits written."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from .directory import Directory, Entry, Order, directories, written
from .metadata import sane_dpi
from .picture import Metadata

__all__ = ["Layout", "read_layout", "write_tiff"]

_DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 33432)
"""description, make, model, software, date, artist, copyright: the tags of a picture's directory that are EXIF, not layout"""
_EXIF, _GPS, _INTEROP, _XMP, _ICC = 34665, 34853, 40965, 700, 34675
_BYTES, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_BAND_BYTES = 1 << 20
_LEVEL = 2


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A TIFF file's first picture, as its tags describe it."""

    width: int
    height: int
    """as it is seen, turned by the orientation it carries"""
    bits: int
    is_float: bool
    photometric: int
    """0: white is zero, 1: black is zero, 2: RGB, …"""
    samples: int
    interleaved: bool
    alpha: str
    """"none", "straight" or "premultiplied" """
    pages: int
    """pictures in the file, smaller copies of others not counted"""
    complete: bool
    """every strip lies inside the file"""
    metadata: Metadata

    @property
    def deep(self) -> bool:
        """More than 8 bits per channel."""
        return self.bits > 8


def read_layout(stream: BinaryIO) -> Layout:
    """Read the tags of a file. Raises ValueError where they cannot be."""
    chain = directories(stream)
    tags = chain[0]
    size = stream.seek(0, io.SEEK_END)
    samples, photometric = tags.number(277, 1), tags.number(262, 1)
    colours = 3 if photometric in (2, 6, 8) else 4 if photometric == 5 else 1
    # OpenCV and others leave ExtraSamples out; 0 is a channel of unknown meaning, which Pillow ignores too
    extra = tags.number(338, 2) if samples == colours + 1 else 0
    turned = tags.number(274, 1) in (5, 6, 7, 8)
    offsets, lengths = (tags.numbers(273), tags.numbers(279)) if 273 in tags else (tags.numbers(324), tags.numbers(325))
    return Layout(
        width=tags.number(257 if turned else 256, 0),
        height=tags.number(256 if turned else 257, 0),
        bits=int(max(tags.numbers(258), default=1)),
        is_float=3 in tags.numbers(339),
        photometric=photometric,
        samples=samples,
        interleaved=samples == 1 or tags.number(284, 1) == 1,
        alpha={1: "premultiplied", 2: "straight"}.get(extra, "none"),
        pages=sum(not one.number(254, 0) & 1 for one in chain),
        complete=bool(offsets) and all(start + length <= size for start, length in zip(offsets, lengths, strict=False)),
        metadata=Metadata(icc=_value(tags, _ICC), exif=_exif(tags), xmp=_value(tags, _XMP), dpi=_dpi(tags)),
    )


def _value(tags: Directory, tag: int) -> bytes | None:
    entry = tags.entry(tag)
    return entry.data if entry else None


def _dpi(tags: Directory) -> tuple[float, float] | None:
    per_inch = {2: 1.0, 3: 2.54}.get(tags.number(296, 2), 0.0)
    return sane_dpi([value * per_inch for tag in (282, 283) for value in tags.numbers(tag)[:1]])


def _exif(tags: Directory) -> bytes | None:
    """The descriptive tags, gathered into an EXIF structure of their own."""
    kept = _described(tags)
    return ({"<": b"II*\0\x08\0\0\0", ">": b"MM\0*\0\0\0\x08"}[tags.order] + written(kept, tags.order, 8)) if kept else None


def _described(tags: Directory) -> dict[int, Entry | Mapping[int, Entry]]:
    kept: dict[int, Entry | Mapping[int, Entry]] = {tag: entry for tag in _DESCRIPTIVE if (entry := tags.entry(tag))}
    for tag in (_EXIF, _GPS):
        inner = tags.inner(tag)
        # a value that is itself the place of a directory would lead astray in another file
        found = {name: entry for name in inner.places if name != _INTEROP and (entry := inner.entry(name))} if inner else {}
        if found:
            kept[tag] = found
    return kept


def write_tiff(stream: BinaryIO, pixels: np.ndarray, metadata: Metadata) -> None:
    """Write one picture, deflated with a horizontal predictor, in one strip.

    Args:
        stream: written from its current place.
        pixels: [H, W], [H, W, 3] or [H, W, 4] with straight alpha; uint8 or uint16.
        metadata: its profile (unless the pixels are gray), EXIF, XMP and resolution are kept.
    """
    described: dict[int, Entry | Mapping[int, Entry]] = {}
    order: Order = "<"
    if metadata.exif:  # in its own byte order, so that its values need not be understood
        tags = directories(io.BytesIO(metadata.exif))[0]
        described, order = _described(tags), tags.order
    height, width, samples = *pixels.shape[:2], pixels.shape[2] if pixels.ndim == 3 else 1
    strip = list(_compressed(pixels, order))

    def short(*values: int) -> Entry:
        return Entry.of(_SHORT, order, *values)

    def long(*values: int) -> Entry:
        return Entry.of(_LONG, order, *values)

    layout = {256: long(width), 257: long(height), 258: short(*(8 * pixels.itemsize,) * samples), 259: short(8),
              262: short(2 if samples > 1 else 1), 273: long(0), 274: short(1), 277: short(samples), 278: long(height),
              279: long(sum(map(len, strip))), 284: short(1), 317: short(2), 339: short(*(1,) * samples)}  # fmt: skip
    if samples == 4:
        layout[338] = short(2)
    if metadata.dpi:
        fractions = [Entry(_RATIONAL, 1, long(round(value * 1000), 1000).data) for value in metadata.dpi]
        layout |= {282: fractions[0], 283: fractions[1], 296: short(2)}
    if metadata.xmp:
        layout[_XMP] = Entry(_BYTES, len(metadata.xmp), metadata.xmp)
    if metadata.icc and samples > 1:
        layout[_ICC] = Entry(_UNDEFINED, len(metadata.icc), metadata.icc)
    layout[273] = long(8 + len(written({**described, **layout}, order, 8)))
    start = {"<": b"II*\0\x08\0\0\0", ">": b"MM\0*\0\0\0\x08"}[order]
    for part in (start + written({**described, **layout}, order, 8), *strip):
        stream.write(part)


def _compressed(pixels: np.ndarray, order: Order) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL)
    rows = max(1, _BAND_BYTES // pixels[:1].nbytes)
    for top in range(0, len(pixels), rows):
        band = pixels[top : top + rows]
        differences = band.copy()
        differences[:, 1:] -= band[:, :-1]
        yield compressor.compress(differences.astype(band.dtype.newbyteorder(order), copy=False).data)
    yield compressor.flush()
