"""Decoders: the stored values of a file as [H, W, 3 or 4], not yet upright, in the file's own colours or, where a result could not be, in sRGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ...errors import BadInput
from .png import chunks
from .profiles import gray_in_srgb, through_cms, usable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from .tiff import Layout

__all__ = ["deep_png", "deep_tiff", "eight_bits", "jpeg"]

_MAX_SCANS = 200
"""A progressive JPEG of thousands of scans costs minutes of decoding for a few bytes each; encoders write about ten."""


def jpeg(stream: BinaryIO, name: str, *, plain: bool) -> np.ndarray | None:
    """A JPEG by libjpeg-turbo: through simplejpeg in a quarter of Pillow's time for the same values, else through OpenCV in half of it.

    Args:
        stream: the file.
        name: what errors call it.
        plain: whether it is gray or colour, and gray without a profile: the kinds that these give as they should be.
    Returns: [H, W, 3] uint8; None where Pillow should try, which also says what is wrong with a file that has no end.
    Raises: BadInput for a file made to take minutes.
    """
    stream.seek(0)
    data = stream.read()
    scan = _first_scan(data)
    if scan >= 0 and (scans := data.count(b"\xff\xda", scan)) > _MAX_SCANS:
        raise BadInput("{name} is a JPEG of {scans} scans; honest ones have a few, so it is not decoded.", name=name, scans=scans)
    if not plain or scan < 0 or data.rfind(b"\xff\xd9") < scan:
        return None
    if (pixels := _by_simplejpeg(data)) is not None:
        return pixels
    import cv2

    rgb = getattr(cv2, "IMREAD_COLOR_RGB", None)  # OpenCV 4.11
    pixels = _opencv(data, (rgb or cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION)
    return pixels if rgb else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)


def _by_simplejpeg(data: bytes) -> np.ndarray | None:
    """None where it is not installed, or sees anything odd in the file."""
    try:
        from simplejpeg import decode_jpeg
    except ImportError:
        return None
    try:
        return decode_jpeg(data)
    except ValueError:
        return None


def _first_scan(data: bytes) -> int:
    """Where the first scan of the picture begins (an EXIF thumbnail has scans too, inside its segment); -1 where there is none."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xDA:
            return at
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return -1


def deep_png(stream: BinaryIO, transparency: object, icc: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """A PNG of 16 bits. Raises ValueError.

    Args:
        stream: the file.
        transparency: the gray value its tRNS chunk makes transparent; None where it has no such chunk.
        icc: its colour profile.
    Returns: [H, W, 3 or 4] float32, and its EXIF.
    """
    stream.seek(0)
    data = stream.read()
    exif = dict(chunks(data)).get(b"eXIf")
    stored = _opencv(data)
    if stored.dtype != np.uint16:
        raise ValueError("not 16 bits")
    pixels = _three_or_four(stored)
    if stored.ndim == 2 and isinstance(transparency, int):
        alpha = np.where(stored == transparency, 0, 65535).astype(np.uint16)
        pixels = np.dstack([pixels, alpha])
    return _gray_as_srgb(_unit(pixels), stored, icc), exif


def deep_tiff(data: bytes, layout: Layout, name: str) -> np.ndarray:
    """A TIFF of 16 bits or of floats, [H, W, 3 or 4] float32 in 0..1, straight alpha, upright. Raises BadInput, ValueError."""
    integers = not layout.is_float and layout.bits == 16
    floats = layout.is_float and layout.bits in (32, 64)
    colours = 3 if layout.photometric == 2 else 1
    plain = layout.interleaved and layout.photometric in (0, 1, 2) and layout.samples in (colours, 4 if colours == 3 else 1)
    if not (integers or floats) or not plain:
        kind = f"{layout.samples} × {layout.bits} bit {'float' if layout.is_float else 'integer'}, photometric {layout.photometric}"
        raise BadInput("{name} is a TIFF of a rare kind ({kind}); save it as gray, RGB or RGBA with 8 or 16 bits, interleaved.", name=name, kind=kind)
    stored = _opencv(data)
    if stored.dtype != (np.uint16 if integers else np.float32 if layout.bits == 32 else np.float64):
        raise ValueError("not the number of bits its tags say")
    if floats:
        _check_floats(stored, name)
    pixels = _unit(_three_or_four(stored))
    if layout.photometric == 0:
        pixels = 1 - pixels
    pixels = _gray_as_srgb(pixels, stored, layout.metadata.icc)
    if pixels.shape[2] == 4 and layout.alpha == "none":
        return np.ascontiguousarray(pixels[..., :3])
    if pixels.shape[2] == 4 and layout.alpha == "premultiplied":
        alpha = pixels[..., 3:]
        np.divide(pixels[..., :3], alpha, out=pixels[..., :3], where=alpha > 0)
        np.minimum(pixels, 1, out=pixels)
    return pixels


def _opencv(data: bytes, flags: int = -1) -> np.ndarray:
    """By default the values as they are stored. Raises ValueError, MemoryError."""
    import cv2

    log: Any = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging  # OpenCV 4, OpenCV 5
    level = log.getLogLevel()
    log.setLogLevel(0)
    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise (MemoryError if error.code == cv2.Error.StsNoMem else ValueError)(error.err or str(error)) from None
    finally:
        log.setLogLevel(level)
    if stored is None:
        raise ValueError("the pixels cannot be decoded")
    return stored


def _check_floats(values: np.ndarray, name: str) -> None:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):  # min and max pass NaN on
        raise BadInput("{name} holds numbers that are not finite (NaN or infinity).", name=name)
    if low < -1 or high > 16:  # a little outside is an editor's highlights, which are clipped; far outside is another unit
        raise BadInput("{name} holds values from {low:g} to {high:g}; floating-point pictures must lie in 0 to 1.", name=name, low=low, high=high)


def _three_or_four(stored: np.ndarray) -> np.ndarray:
    """OpenCV's gray, BGR or BGRA as RGB or RGBA."""
    import cv2

    if stored.ndim == 2:
        return cv2.cvtColor(stored.astype(np.float32) if stored.dtype == np.float64 else stored, cv2.COLOR_GRAY2RGB)
    stored[..., :3] = stored[..., 2::-1].copy()
    return stored


def _gray_as_srgb(pixels: np.ndarray, stored: np.ndarray, icc: bytes | None) -> np.ndarray:
    """`pixels` with sRGB's curve where the file `stored` gray with a profile of its own."""
    if stored.ndim == 2 and icc and usable(icc, "GRAY"):
        pixels[..., :3] = gray_in_srgb(pixels[..., 0], icc)[..., None]
    return pixels


def _unit(values: np.ndarray) -> np.ndarray:
    return values * np.float32(1 / 65535) if values.dtype == np.uint16 else np.clip(values, 0, 1).astype(np.float32)


def eight_bits(image: ImageFile, icc: bytes | None, name: str) -> tuple[np.ndarray, bytes | None]:
    """Whatever Pillow opened, decoded; gray of 16 bits as float32.

    Returns: pixels [H, W, 3 or 4], and the profile they are in (None: sRGB). Gray and ink have no profile that an RGB result could keep.
    """
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        return _wide_gray(image, name), None
    if image.mode in ("CMYK", "LAB"):
        converted = through_cms(image, icc) if icc else None
        return np.array(converted or image.convert("RGB")), None
    if image.mode in ("L", "LA", "1") and icc and usable(icc, "GRAY"):
        with_alpha = np.array(image.convert("RGBA" if image.has_transparency_data else "RGB"))
        with_alpha[..., :3] = gray_in_srgb(with_alpha[..., 0], icc)[..., None]
        return with_alpha, None
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    rgb: Image = image if image.mode == wanted else image.convert(wanted)
    return np.array(rgb), icc if icc and usable(icc, "RGB") else None


def _wide_gray(image: Image, name: str) -> np.ndarray:
    values = np.asarray(image)
    if values.dtype.kind == "f":
        _check_floats(values, name)
        unit = np.clip(values, 0, 1)
    else:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65535:
            raise BadInput("{name} holds values from {low:g} to {high:g}; integer pictures must lie in 0 to 65535.", name=name, low=low, high=high)
        unit = values / np.float32(65535)
    return np.repeat(unit.astype(np.float32)[..., None], 3, axis=2)
