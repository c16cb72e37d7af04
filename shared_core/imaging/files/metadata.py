"""EXIF and XMP: which way up a photo is, and what of its description a result keeps."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from .picture import Metadata

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

__all__ = ["exif_orientation", "metadata_of", "sane_dpi", "settled", "settled_exif", "upright"]

_ORIENTATION, _THUMBNAIL, _THUMBNAIL_LENGTH = 0x0112, 0x0201, 0x0202
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))[0-9]")


def metadata_of(image: Image) -> Metadata:
    """What Pillow found in a file's header, as stored there."""
    info = image.info
    exif, xmp, dpi = info.get("exif"), info.get("xmp") or info.get("XML:com.adobe.xmp"), info.get("dpi")
    return Metadata(
        icc=info.get("icc_profile") or None,
        exif=exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) and exif else None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp if isinstance(xmp, bytes) else None,
        dpi=sane_dpi(dpi),
    )


def sane_dpi(dpi: object) -> tuple[float, float] | None:
    """A resolution that can be written again, or None: files hold zeros, infinities and fractions over zero."""
    try:
        x, y = (float(value) for value in dpi)  # pyright: ignore[reportGeneralTypeIssues]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1 <= x <= 1e5 and 1 <= y <= 1e5 else None


def settled(found: Metadata, icc: bytes | None) -> Metadata:
    """`found` as it is true of upright pixels in the colours of `icc`."""
    xmp = _XMP_ORIENTATION.sub(rb"\g<1>1", found.xmp) if found.xmp else None
    return Metadata(icc=icc, exif=settled_exif(found.exif) if found.exif else None, xmp=xmp, dpi=found.dpi)


def exif_orientation(exif: bytes) -> int:
    """1 to 8 as the EXIF standard numbers them; 1 where nothing, or nonsense, is said."""
    try:
        order, entries, _ = _directory(exif, _first_directory(exif))
    except (struct.error, ValueError):
        return 1
    if _ORIENTATION not in entries:
        return 1
    (value,) = struct.unpack_from(order + "H", exif, entries[_ORIENTATION] + 8)
    return value if 1 <= value <= 8 else 1


def settled_exif(exif: bytes) -> bytes | None:
    """EXIF with the orientation set to 1 and the thumbnail blanked, every other byte as it was; None where it cannot be read.

    Bytes stay where they are because maker notes hold offsets that nobody but the maker can move.
    """
    changed = bytearray(exif)
    try:
        order, entries, end = _directory(exif, _first_directory(exif))
        if _ORIENTATION in entries:
            struct.pack_into(order + "HHIHH", changed, entries[_ORIENTATION], _ORIENTATION, 3, 1, 1, 0)
        (second,) = struct.unpack_from(order + "I", exif, end)
        struct.pack_into(order + "I", changed, end, 0)
        if second:
            _, thumbnail, _ = _directory(exif, second)
            if _THUMBNAIL in thumbnail and _THUMBNAIL_LENGTH in thumbnail:
                start, length = (struct.unpack_from(order + "I", exif, thumbnail[tag] + 8)[0] for tag in (_THUMBNAIL, _THUMBNAIL_LENGTH))
                stop = min(start + length, len(changed))
                changed[start:stop] = bytes(max(stop - start, 0))
    except (struct.error, ValueError):
        return None
    return bytes(changed)


def _first_directory(exif: bytes) -> int:
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        raise ValueError("not a TIFF structure")
    return struct.unpack_from("<I" if exif[:1] == b"I" else ">I", exif, 4)[0]


def _directory(exif: bytes, start: int) -> tuple[str, dict[int, int], int]:
    """Byte order, where each tag's entry lies, and where the offset of the next directory lies."""
    order = "<" if exif[:1] == b"I" else ">"
    (count,) = struct.unpack_from(order + "H", exif, start)
    end = start + 2 + 12 * count
    if end + 4 > len(exif):
        raise ValueError("cut short")
    return order, {struct.unpack_from(order + "H", exif, at)[0]: at for at in range(start + 2, end, 12)}, end


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """`pixels` [H, W, C] turned and mirrored as an EXIF `orientation` of 1 to 8 asks; the same array for 1."""
    if orientation == 1:
        return pixels
    import cv2

    if orientation in (3, 6, 8):
        return cv2.rotate(pixels, {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}[orientation])
    if orientation in (5, 7):
        pixels = cv2.transpose(pixels)
    return pixels if orientation == 5 else cv2.flip(pixels, {2: 1, 4: 0, 7: -1}[orientation])
