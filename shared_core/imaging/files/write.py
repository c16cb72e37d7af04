"""Pictures to files: whole or not at all, never over another file unasked."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from ...errors import BadInput
from .formats import Format, format_for, reader_for, reason, shown
from .picture import Metadata
from .png import chunks, write_png
from .whole import check_target, whole_file

__all__ = ["KEYWORD", "quantised", "read_provenance", "sidecar", "write_picture", "write_svg"]

KEYWORD = "u2studio"
"""of the PNG text chunk that holds the provenance"""
_LOSSY = 92
"""quality of JPEG, WebP, AVIF and HEIF results"""
_FULL_COLOUR = {"JPEG": {"subsampling": 0}, "AVIF": {"subsampling": "4:4:4"}, "HEIF": {"chroma": 444}}
"""colour as fine as brightness: half of it would fray the edge of a cut-out"""
_JPEG_SEGMENT = 65500
"""bytes of EXIF or XMP that fit; longer ones come from other formats and are left out"""


def write_picture(
    target: str | os.PathLike[str] | BinaryIO,
    pixels: np.ndarray,
    *,
    metadata: Metadata | None = None,
    depth: Literal[8, 16] = 8,
    provenance: Mapping[str, object] | None = None,
    overwrite: bool = False,
    stream_name: str = "-.png",
) -> None:
    """Write one picture. A file appears whole or not at all: a full disk or a killed process leaves what was there before.

    Args:
        target: a path, whose suffix names the format; or a binary stream.
        pixels: [H, W] gray, [H, W, 3] or [H, W, 4] with straight alpha; uint8, uint16, or float in 0..1, which is rounded to `depth`.
        metadata: of the photo it was made from; its profile must be the one the pixels are in. None: sRGB, nothing kept.
        depth: bits per channel; where the format has no 16, 8 are written.
        provenance: how it was made, as JSON: in PNG a text chunk, elsewhere `sidecar(target)`.
        overwrite: whether a file that is already there may be replaced.
        stream_name: what a stream would be called; its suffix names the format.
    Raises: BadInput, when it cannot be written there, or not in this format.
    """
    called = target if isinstance(target, (str, os.PathLike)) else stream_name
    name, found = shown(called), format_for(called)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not found.alpha:
        raise BadInput("{name}: {kind} files hold no transparency. Write PNG, WebP or TIFF, or place the picture over a background.", name=name, kind=found.id)
    if max(pixels.shape[:2]) > found.longest:
        raise BadInput("{name}: {kind} files hold at most {longest} pixels along a side. Write PNG or TIFF.", name=name, kind=found.id, longest=found.longest)
    ready = quantised(pixels, depth if found.sixteen_bit else 8)
    note = _note(provenance)

    def fill(stream: BinaryIO) -> None:
        _encode(stream, name, ready, found, metadata or Metadata(), note)

    _put(target, name, fill, None if found.id == "PNG" else note, overwrite=overwrite)


def write_svg(target: str | os.PathLike[str] | BinaryIO, text: str, *, provenance: Mapping[str, object] | None = None, overwrite: bool = False) -> None:
    """Write the text of an SVG file, whole or not at all. Arguments and errors as `write_picture`; the provenance goes into `sidecar(target)`."""
    name = shown(target) if isinstance(target, (str, os.PathLike)) else "-.svg"
    _put(target, name, lambda stream: stream.write(text.encode()), _note(provenance), overwrite=overwrite)


def _note(provenance: Mapping[str, object] | None) -> str | None:
    return json.dumps(provenance, sort_keys=True, default=str) if provenance is not None else None


def _put(target: str | os.PathLike[str] | BinaryIO, name: str, fill: Callable[[BinaryIO], object], note: str | None, *, overwrite: bool) -> None:
    """Fill a stream, or a file and, with a note, the one beside it. Raises: BadInput."""
    with _failures(name):
        if not isinstance(target, (str, os.PathLike)):
            fill(target)
            target.flush()  # a full disk shows itself here
            return
        path = Path(target)
        beside = sidecar(path) if note is not None else None
        for one in (path, beside) if beside else (path,):
            check_target(one, overwrite=overwrite)
        whole_file(path, fill)
        if beside:
            whole_file(beside, lambda stream: stream.write(f"{note}\n".encode()))


def quantised(pixels: np.ndarray, depth: Literal[8, 16]) -> np.ndarray:
    """Pixels as uint8 or uint16: floats rounded, integers of another depth scaled so that black and white stay what they are."""
    top, kind = (255, np.uint8) if depth == 8 else (65535, np.uint16)
    if pixels.dtype == kind:
        return pixels
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint16) * np.uint16(257)
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if depth == 8 and pixels.dtype == np.float32 and pixels.min(initial=0) >= 0:  # nine times as fast
        import cv2

        return cv2.convertScaleAbs(pixels, alpha=255)
    scaled = np.clip(pixels, 0, 1) * np.float32(top)  # not in place: a half float holds no 65535
    return np.rint(scaled, out=scaled).astype(kind)


def sidecar(path: Path) -> Path:
    """Where the provenance of a picture lies whose format has no place for it: photo.jpg → photo.jpg.json."""
    return path.with_name(path.name + ".json")


def read_provenance(path: Path) -> dict[str, object] | None:
    """How a result of ours was made; None for files that do not say, or are not there, or not whole."""
    try:
        if path.suffix.lower() != ".png":
            return json.loads(sidecar(path).read_bytes())
        for kind, contents in chunks(path.read_bytes()):
            if kind == b"tEXt" and contents.startswith(KEYWORD.encode() + b"\0"):
                return json.loads(contents[len(KEYWORD) + 1 :])
    except (OSError, ValueError):
        pass
    return None


@contextmanager
def _failures(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader went away: the command line's to answer
        raise
    except OSError as error:
        raise BadInput("{name} could not be written: {reason}.", name=name, reason=reason(error)) from None


def _encode(stream: BinaryIO, name: str, pixels: np.ndarray, found: Format, metadata: Metadata, note: str | None) -> None:
    if found.id == "PNG":
        write_png(stream, pixels, metadata, {KEYWORD: note} if note is not None else {})
        return
    if found.id == "TIFF":
        from .tiff import write_tiff

        write_tiff(stream, pixels, metadata)
        return
    try:
        encoded = _by_pillow(pixels, found, name, metadata)
    except (ValueError, RuntimeError) as error:  # how encoders refuse what their format cannot hold
        raise BadInput("{name} could not be written: {reason}.", name=name, reason=reason(error)) from None
    with encoded.getbuffer() as view:
        stream.write(view)


def _by_pillow(pixels: np.ndarray, found: Format, name: str, metadata: Metadata) -> io.BytesIO:
    """The whole file in memory: Pillow, writing to a disk itself, forgets why that failed."""
    from PIL import Image

    reader_for(found, name)  # registers the writer too
    options: dict[str, object] = {"quality": _LOSSY, **_FULL_COLOUR.get(found.id, {})}
    if found.id == "WEBP":
        options |= {"lossless": pixels.ndim == 2, "exact": True}  # exact: keeps the colour under full transparency
    if metadata.icc and pixels.ndim == 3:
        options["icc_profile"] = metadata.icc
    most = _JPEG_SEGMENT if found.id == "JPEG" else sys.maxsize
    if metadata.exif and len(metadata.exif) <= most:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.xmp and len(metadata.xmp) <= most:
        options["xmp"] = metadata.xmp
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    encoded = io.BytesIO()
    image = Image.fromarray(pixels)
    if found.id == "HEIF":
        from pillow_heif import from_pillow  # pyright: ignore[reportMissingImports]

        image.info.update(options)  # it looks for the profile there
        from_pillow(image).save(encoded, **options)
    else:
        image.save(encoded, found.id, **options)
    return encoded
