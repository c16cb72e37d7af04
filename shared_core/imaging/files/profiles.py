"""ICC colour profiles: the photo's own colours to sRGB, which networks know, and back.

Profiles made of three curves and a matrix (every camera, phone, display and working space) are computed here, in 8 bits or in float; profiles with
look-up tables go through Little CMS, in 8 bits.
Source: ICC.1:2022, sections 8.3, 9.2, 10.6 (curveType), 10.18 (parametricCurveType) and F.3 (three-component matrix-based profiles).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["from_srgb", "gray_in_srgb", "in_srgb", "through_cms", "usable"]

_SRGB_TO_XYZ = np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
"""linear sRGB → XYZ of D50, the profile connection space (Bradford-adapted)"""
_STEPS = 65535
_GRID = np.linspace(0.0, 1.0, _STEPS + 1)
_BAND = 1 << 15
"""pixels converted at a time, so that what lies in between stays in the processor's cache"""


@dataclass(frozen=True)
class _Matrix:
    """A profile of curves and a matrix: `curves` [3, 65536] encoded → linear, `matrix` [3, 3] linear own colours → linear sRGB."""

    curves: np.ndarray
    matrix: np.ndarray
    is_srgb: bool


def usable(icc: bytes | None, space: str) -> bool:
    """Whether a profile can be read at all and is one for this colour space: "RGB", "GRAY" or "CMYK"."""
    if icc is None or len(icc) < 132 or icc[36:40] != b"acsp" or icc[16:20].decode("latin-1").strip() != space:
        return False
    if space == "GRAY":
        return _gray_curve(icc) is not None
    if space == "RGB" and _matrix_profile(icc) is not None:
        return True
    from PIL import Image

    return through_cms(Image.new(space, (1, 1)), icc) is not None


def in_srgb(pixels: np.ndarray, icc: bytes) -> np.ndarray:
    """Pixels of an RGB profile in sRGB, clipped to its gamut; the same array where the profile is sRGB.

    Args:
        pixels: [H, W, 3 or 4], uint8, or float32 in 0..1. An alpha passes unchanged. Not modified.
        icc: a `usable` RGB profile.
    Returns: same shape and dtype.
    """
    profile = _matrix_profile(icc)
    if profile is None:
        return _by_cms(pixels, icc, back=False)
    if profile.is_srgb:
        return pixels
    return _converted(pixels, profile.curves, profile.matrix, _encoded_srgb)


def from_srgb(pixels: np.ndarray, icc: bytes) -> np.ndarray:
    """The way back of `in_srgb`, for colours that were not in the photo: a new background, a result."""
    profile = _matrix_profile(icc)
    if profile is None:
        return _by_cms(pixels, icc, back=True)
    if profile.is_srgb:
        return pixels

    def encoded(linear: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(linear[..., c], profile.curves[c], _GRID) for c in range(3)], axis=-1)

    return _converted(pixels, np.stack([_linear_srgb(_GRID)] * 3), np.linalg.inv(profile.matrix), encoded)


def gray_in_srgb(gray: np.ndarray, icc: bytes) -> np.ndarray:
    """Gray values [H, W] of a `usable` gray profile with sRGB's curve instead of its own. Same dtype."""
    curve = _gray_curve(icc)
    assert curve is not None
    encoded = _encoded_srgb(curve)
    if gray.dtype == np.uint8:
        return np.rint(encoded[np.arange(256) * 257] * 255).astype(np.uint8)[gray]
    return encoded.astype(np.float32)[np.rint(gray * _STEPS).astype(np.int32)]


def through_cms(image: Image, icc: bytes) -> Image | None:
    """A Pillow picture of any mode as RGB in sRGB, by Little CMS; None where the profile cannot be used."""
    from PIL import ImageCms

    try:
        return ImageCms.profileToProfile(image, io.BytesIO(icc), ImageCms.createProfile("sRGB"), outputMode="RGB")  # pyright: ignore[reportArgumentType]
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return None


def _converted(pixels: np.ndarray, curves: np.ndarray, matrix: np.ndarray, encode: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Through `curves` [3, 65536] to linear light, through `matrix`, and through `encode`, which takes and gives [..., 3] in 0..1."""
    convert = _byte_converter(curves, matrix, encode) if pixels.dtype == np.uint8 else _float_converter(curves, matrix, encode)
    result = np.empty_like(pixels)
    rows = max(1, _BAND // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        result[top : top + rows, :, :3] = convert(np.ascontiguousarray(pixels[top : top + rows, :, :3]))
    result[..., 3:] = pixels[..., 3:]
    return result


def _byte_converter(curves: np.ndarray, matrix: np.ndarray, encode: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """All by tables: a phone's photos are wide-gamut, so this is on the way of every one of them."""
    import cv2

    linear_of = np.ascontiguousarray(curves[:, :: _STEPS // 255].T, dtype=np.float32).reshape(1, 256, 3)
    matrix = np.hstack([matrix * _STEPS, np.full((3, 1), 0.5)]).astype(np.float32)  # the half rounds
    shades = np.rint(encode(np.stack([_GRID] * 3, axis=-1)) * 255).astype(np.uint8).T.copy()
    alike = (shades == shades[0]).all()

    def convert(band: np.ndarray) -> np.ndarray:
        linear = cv2.transform(cv2.LUT(band, linear_of), matrix)
        index = np.clip(linear, 0, _STEPS, out=linear).astype(np.uint16)
        if alike:
            return np.take(shades[0], index, mode="clip")  # "clip" because the index fits: numpy need not look
        return np.stack([shades[c][index[..., c]] for c in range(3)], axis=-1)

    return convert


def _float_converter(curves: np.ndarray, matrix: np.ndarray, encode: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    import cv2

    curves = curves.astype(np.float32)
    matrix = matrix.astype(np.float32)

    def convert(band: np.ndarray) -> np.ndarray:
        index = np.rint(band * np.float32(_STEPS)).astype(np.uint16)  # exact for values that were 16-bit numbers
        linear = np.stack([curves[c][index[..., c]] for c in range(3)], axis=-1)
        return encode(np.clip(cv2.transform(linear, matrix), 0.0, 1.0))

    return convert


def _by_cms(pixels: np.ndarray, icc: bytes, *, back: bool) -> np.ndarray:
    from PIL import Image, ImageCms

    eight = pixels if pixels.dtype == np.uint8 else np.rint(pixels * 255).astype(np.uint8)
    own, srgb = ImageCms.getOpenProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
    ends = (srgb, own) if back else (own, srgb)
    converted = ImageCms.profileToProfile(Image.fromarray(np.ascontiguousarray(eight[..., :3])), *ends)
    result = pixels.copy()
    result[..., :3] = np.asarray(converted) if pixels.dtype == np.uint8 else np.asarray(converted) / np.float32(255)
    return result


def _linear_srgb(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded_srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@lru_cache(maxsize=8)
def _matrix_profile(icc: bytes) -> _Matrix | None:
    try:
        columns = [_xyz(_tag(icc, tag)) for tag in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = np.stack([_curve(_tag(icc, tag)) for tag in (b"rTRC", b"gTRC", b"bTRC")])
        matrix = np.linalg.inv(_SRGB_TO_XYZ) @ np.array(columns).T
        np.linalg.inv(matrix)
    except (KeyError, ValueError, struct.error, np.linalg.LinAlgError):
        return None
    if icc[16:20] != b"RGB " or icc[20:24] != b"XYZ " or not np.isfinite(matrix).all():
        return None
    # "close enough" is what 8 bits cannot show: half a level at every one of 256 shades
    same_curve = np.abs(_encoded_srgb(curves[:, ::257]) - _GRID[::257]).max() < 0.5 / 255
    return _Matrix(curves, matrix, bool(same_curve and np.abs(matrix - np.eye(3)).max() < 0.002))


@lru_cache(maxsize=8)
def _gray_curve(icc: bytes) -> np.ndarray | None:
    try:
        return _curve(_tag(icc, b"kTRC"))
    except (KeyError, ValueError, struct.error):
        return None


def _tag(icc: bytes, wanted: bytes) -> bytes:
    (count,) = struct.unpack_from(">I", icc, 128)
    for index in range(min(count, 256)):
        name, start, size = struct.unpack_from(">4sII", icc, 132 + 12 * index)
        if name == wanted:
            return icc[start : start + size]
    raise KeyError(wanted)


def _xyz(tag: bytes) -> tuple[float, float, float]:
    if tag[:4] != b"XYZ ":
        raise ValueError("not an XYZType")
    x, y, z = struct.unpack_from(">3i", tag, 8)
    return x / 65536, y / 65536, z / 65536


def _curve(tag: bytes) -> np.ndarray:
    """A tone curve sampled at 65536 places, 0..1, never falling."""
    if tag[:4] == b"para":
        sampled = _parametric(tag)
    elif tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        points = np.frombuffer(tag, ">u2", count, 12)
        if count == 0:
            sampled = _GRID
        elif count == 1:
            sampled = _GRID ** (points[0] / 256)
        else:
            sampled = np.interp(_GRID, np.linspace(0, 1, count), points / 65535)
    else:
        raise ValueError("not a curve")
    if not np.isfinite(sampled).all():
        raise ValueError("not a curve")
    return np.maximum.accumulate(np.clip(sampled, 0.0, 1.0))


def _parametric(tag: bytes) -> np.ndarray:
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ValueError("unknown kind of parametric curve")
    values = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = values + [0.0] * (7 - len(values))
    if kind == 0:
        return _GRID**g
    if kind < 3:  # the power law holds from -b/a on
        d, e, f, c = -b / a if a else 0.0, c, c, 0.0
    with np.errstate(invalid="ignore"):
        return np.where(d <= _GRID, np.nan_to_num(np.maximum(a * _GRID + b, 0.0) ** g + e), c * _GRID + f)
