"""The kinds of picture files: how each is recognised, what it can hold, and which names it goes by."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ...errors import BadInput

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["FORMATS", "READABLE_SUFFIXES", "Format", "format_for", "reader_for", "reason", "recognised", "shown"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file. `id` is Pillow's name for it."""

    id: str
    suffixes: tuple[str, ...]
    reader: tuple[str, str]
    """module and class that read it"""
    package: str = "pillow"
    """what to install where the module is missing or was built without its library"""
    writable: bool = True
    alpha: bool = False
    sixteen_bit: bool = False
    longest: int = 2**31 - 1
    """pixels along a side"""


FORMATS = (
    Format(id="PNG", suffixes=(".png",), reader=("PIL.PngImagePlugin", "PngImageFile"), alpha=True, sixteen_bit=True),
    Format(id="JPEG", suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"), reader=("PIL.JpegImagePlugin", "JpegImageFile"), longest=65500),
    Format(id="WEBP", suffixes=(".webp",), reader=("PIL.WebPImagePlugin", "WebPImageFile"), alpha=True, longest=16383),
    Format(id="TIFF", suffixes=(".tif", ".tiff"), reader=("PIL.TiffImagePlugin", "TiffImageFile"), alpha=True, sixteen_bit=True),
    Format(id="BMP", suffixes=(".bmp", ".dib"), reader=("PIL.BmpImagePlugin", "BmpImageFile")),
    Format(id="AVIF", suffixes=(".avif",), reader=("PIL.AvifImagePlugin", "AvifImageFile"), package="pillow>=11.3", alpha=True),
    Format(id="HEIF", suffixes=(".heic", ".heif", ".hif"), reader=("pillow_heif", "HeifImageFile"), package="pillow-heif", alpha=True),
    Format(id="GIF", suffixes=(".gif",), reader=("PIL.GifImagePlugin", "GifImageFile"), writable=False),
    Format(id="PPM", suffixes=(".ppm", ".pgm", ".pbm", ".pnm"), reader=("PIL.PpmImagePlugin", "PpmImageFile"), writable=False),
)
READABLE_SUFFIXES = frozenset(suffix for one in FORMATS for suffix in one.suffixes)
_BY_ID = {one.id: one for one in FORMATS}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIF")


def recognised(start: bytes) -> Format | None:
    """The format of a file by its first 16 bytes, whatever its name; None for anything else."""
    for prefix, found in _STARTS:
        if start.startswith(prefix):
            return _BY_ID[found]
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _BY_ID["WEBP"]
    if start[4:8] == b"ftyp" and start[8:12] in _BRANDS:
        return _BY_ID[_BRANDS[start[8:12]]]
    if start[:1] == b"P" and start[1:2] in (b"1", b"2", b"3", b"4", b"5", b"6") and start[2:3].isspace():
        return _BY_ID["PPM"]
    return None


def format_for(name: str | os.PathLike[str]) -> Format:
    """The format a file name's suffix asks to be written. Raises: BadInput, naming the suffixes there are."""
    suffix = PurePath(name).suffix.lower()
    for one in FORMATS:
        if one.writable and suffix in one.suffixes:
            return one
    known = ", ".join(one.suffixes[0] for one in FORMATS if one.writable)
    raise BadInput("'{name}' does not end in a suffix that pictures can be written as; there are: {known}.", name=shown(name), known=known)


def reader_for(one: Format, name: str) -> type[ImageFile]:
    """The class that reads a format, imported now. Raises: BadInput, naming the package to install for the file `name`."""
    module_name, class_name = one.reader
    try:
        module = importlib.import_module(module_name)
        if getattr(module, "SUPPORTED", True):
            return getattr(module, class_name)
    except ImportError:
        pass
    raise BadInput("{name}: {kind} files need a library that is not installed. Get it with: pip install '{package}'",
                   name=name, kind=one.id, package=one.package)  # fmt: skip


def shown(path: str | os.PathLike[str]) -> str:
    """A file name as one printable line, whatever bytes, line breaks or control characters it holds."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in os.fspath(path))


def reason(error: Exception) -> str:
    """Why something failed, as one printable line without a full stop."""
    return shown((getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().rstrip("."))
