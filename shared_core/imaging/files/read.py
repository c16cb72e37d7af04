"""Files to pictures: whatever comes, a `Picture` or one clear sentence."""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from ...errors import BadInput, OutOfMemory, U2StudioError
from . import decode
from .formats import FORMATS, Format, reader_for, reason, recognised, shown
from .metadata import exif_orientation, metadata_of, settled, upright
from .picture import Metadata, Picture
from .png import is_deep
from .profiles import in_srgb, usable
from .tiff import read_layout

if TYPE_CHECKING:
    import numpy as np
    from PIL.ImageFile import ImageFile

__all__ = ["LIMIT_VARIABLE", "MAX_MEGAPIXELS", "read_picture"]

MAX_MEGAPIXELS = 256.0
"""Larger pictures are refused unless the environment says otherwise: a header of 30 bytes can ask for all of a machine's memory."""
LIMIT_VARIABLE = "U2STUDIO_MAX_MEGAPIXELS"
_GUARD = Lock()


def read_picture(source: str | os.PathLike[str] | BinaryIO, *, name: str | None = None) -> Picture:
    """Read one picture. Its kind is told from its content, never from its name.

    Args:
        source: a path; or a binary stream, which is read to its end.
        name: what errors call it; default the path.
    Returns: the picture, upright, sRGB beside its own colours.
    Raises: BadInput for a file that is missing, unreadable, empty, damaged, animated, too large or not a picture; OutOfMemory.
    """
    if not isinstance(source, (str, os.PathLike)):
        called = name or shown(str(getattr(source, "name", "-")))
        return _read(_gathered(source, called), called)
    called = name or shown(source)
    with _opened(Path(source), called) as stream:
        return _read(stream, called)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise BadInput("{name} is a folder, not a picture.", name=name)
        if not stat.S_ISREG(kind):  # opening a pipe would wait for ever
            raise BadInput("{name} is not a file but a device, pipe or socket.", name=name)
        stream = path.open("rb")
    except FileNotFoundError:
        raise BadInput("There is no file {name}.", name=name) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise BadInput("{name} could not be read: {reason}.", name=name, reason=reason(error)) from None
    with stream:
        yield stream


def _gathered(stream: BinaryIO, name: str) -> io.BytesIO:
    limit = round(_limit() * 16e6)  # no sensible file is longer than its pixels as four floats
    data = io.BytesIO()
    try:
        while data.tell() <= limit:
            part = stream.read(1 << 20)
            if not part:
                return data
            data.write(part)
    except OSError as error:
        raise BadInput("{name} could not be read: {reason}.", name=name, reason=reason(error)) from None
    raise BadInput("{name} does not end: it holds more than {bytes} bytes.", name=name, bytes=limit)


def _limit() -> float:
    """Megapixels. Raises: BadInput for a setting that is no positive number."""
    value = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(value) if value else MAX_MEGAPIXELS
    except ValueError:
        limit = 0.0
    if not limit > 0:
        raise BadInput("The environment variable {variable} is {value}; it must be a number of megapixels.", variable=LIMIT_VARIABLE, value=repr(value))
    return limit


def _read(stream: BinaryIO, name: str) -> Picture:
    try:
        stream.seek(0)
        start = stream.read(16)
    except OSError as error:
        raise BadInput("{name} could not be read: {reason}.", name=name, reason=reason(error)) from None
    if not start:
        raise BadInput("{name} is empty: it holds zero bytes.", name=name)
    found = recognised(start)
    if found is None:
        kinds = ", ".join(one.id for one in FORMATS)
        raise BadInput("{name} is not a picture of a kind that can be read; these can: {kinds}.", name=name, kinds=kinds)
    try:
        with warnings.catch_warnings():  # Pillow warns of what is answered for here
            warnings.simplefilter("ignore")
            stored, profile, orientation, metadata = _tiff(stream, found, name) if found.id == "TIFF" else _other(stream, found, name)
            own = upright(stored, orientation)
            pixels = in_srgb(own, profile) if profile else own
    except U2StudioError:
        raise
    except MemoryError:
        raise OutOfMemory("{name} needs more memory than there is.", name=name) from None
    except Exception as error:  # decoders of hostile bytes raise anything: struct.error, IndexError, zlib.error, SyntaxError, …
        raise BadInput("{name} is damaged or cut short ({kind}: {reason}).", name=name, kind=found.id, reason=reason(error)) from None
    return Picture(pixels=pixels, own=own, name=name, format=found.id, depth=8 if own.dtype.itemsize == 1 else 16,
                   metadata=settled(metadata, profile))  # fmt: skip


def _tiff(stream: BinaryIO, found: Format, name: str) -> tuple[np.ndarray, bytes | None, int, Metadata]:
    layout = read_layout(stream)
    _check_size(layout.width, layout.height, name)
    if layout.pages > 1:
        raise BadInput("{name} holds several pages; give a file of one picture.", name=name)
    if not layout.deep:
        with _allowed(layout.width * layout.height):
            stored, profile, orientation, _ = _pillow(_header(stream, found, name), name)
        return stored, profile, orientation, layout.metadata
    if not layout.complete:
        raise ValueError("pixels are missing")
    stream.seek(0)
    stored = decode.deep_tiff(stream.read(), layout, name)
    _check_shape(stored, layout.width, layout.height)
    profile = layout.metadata.icc if usable(layout.metadata.icc, "RGB") else None
    return stored, profile, 1, layout.metadata


def _other(stream: BinaryIO, found: Format, name: str) -> tuple[np.ndarray, bytes | None, int, Metadata]:
    image = _header(stream, found, name)
    _check_size(*image.size, name)
    if found.id not in ("JPEG", "HEIF") and getattr(image, "is_animated", False):
        raise BadInput("{name} is animated ({frames} frames); give a still picture.", name=name, frames=getattr(image, "n_frames", "?"))
    metadata = metadata_of(image)
    if found.id == "JPEG":
        quick = decode.jpeg(stream, name, plain=image.mode == "RGB" or (image.mode == "L" and not metadata.icc))
        if quick is not None:
            _check_shape(quick, image.width, image.height)
            return quick, metadata.icc if usable(metadata.icc, "RGB") else None, _orientation(image), metadata
    if found.id == "PNG" and is_deep(stream):
        stored, exif = decode.deep_png(stream, image.info.get("transparency"), metadata.icc)
        _check_shape(stored, image.width, image.height)
        metadata = replace(metadata, exif=exif)
        return stored, metadata.icc if usable(metadata.icc, "RGB") else None, exif_orientation(exif or b""), metadata
    return _pillow(image, name)


def _header(stream: BinaryIO, found: Format, name: str) -> ImageFile:
    """The file as Pillow sees it, nothing decoded yet.

    Not by Image.open, which would guess the kind anew, and whose guard of sizes is a setting of the whole process, so the host's.
    """
    reader = reader_for(found, name)
    stream.seek(0)
    return reader(stream, name)


def _pillow(image: ImageFile, name: str) -> tuple[np.ndarray, bytes | None, int, Metadata]:
    stored, profile = decode.eight_bits(image, image.info.get("icc_profile"), name)
    return stored, profile, _orientation(image), metadata_of(image)  # after decoding: PNG may say it at the end, TIFF is turned by Pillow


@contextmanager
def _allowed(pixels: int) -> Iterator[None]:
    """Let Pillow decode a TIFF that `_check_size` found acceptable, and that its own guard, a setting of the whole process, would refuse."""
    from PIL import Image

    if Image.MAX_IMAGE_PIXELS is None or pixels <= Image.MAX_IMAGE_PIXELS:
        yield
        return
    with _GUARD:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _orientation(image: ImageFile) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF says nothing about the way up
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _check_size(width: int, height: int, name: str) -> None:
    if width < 1 or height < 1:
        raise ValueError("it has no pixels")
    limit = _limit()
    if width * height > limit * 1e6:
        raise BadInput(
            "{name} is {width}×{height}, {megapixels:.0f} megapixels; the limit is {limit:g}. If you trust the file, set {variable} higher.",
            name=name, width=width, height=height, megapixels=width * height / 1e6, limit=limit, variable=LIMIT_VARIABLE,
        )  # fmt: skip


def _check_shape(stored: np.ndarray, width: int, height: int) -> None:
    if stored.shape[:2] != (height, width):
        raise ValueError("its size is not what its header says")
