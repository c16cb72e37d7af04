"""A picture as it was read from a file, and what of the file a result should keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Metadata", "Picture"]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a result keeps of its photo. The orientation in it is always 1: pixels are stored as they are seen."""

    icc: bytes | None = None
    """the colour profile of `Picture.own`; None means sRGB"""
    exif: bytes | None = None
    """a TIFF structure, without the leading "Exif\\0\\0"; without thumbnail, which would show the old background"""
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Pixels ready to work with: upright, straight alpha."""

    pixels: NDArray[np.uint8] | NDArray[np.float32]
    """[H, W, 3 or 4], sRGB; uint8, or float32 in 0..1 where the file holds more than 8 bits"""
    own: NDArray[np.uint8] | NDArray[np.float32]
    """the same in the photo's own colours, those of `metadata.icc`; the very same array where they are sRGB"""
    name: str
    """the file as errors call it: one printable line"""
    format: str
    """as in `formats.FORMATS`"""
    depth: Literal[8, 16]
    """bits per channel a result needs so that nothing is lost"""
    metadata: Metadata

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    def as_alpha(self) -> np.ndarray:
        """The picture read as a mask, [H, W]: its transparency where it has any, else its brightness (ITU-R BT.709 weights of the stored values)."""
        if self.has_alpha and (self.own[..., 3] < (255 if self.own.itemsize == 1 else 1)).any():
            return self.own[..., 3].copy()
        brightness = self.own[..., :3] @ (0.2126, 0.7152, 0.0722)
        return (brightness + 0.5 if self.own.itemsize == 1 else brightness).astype(self.own.dtype)

    @property
    def has_alpha(self) -> bool:
        return self.pixels.shape[2] == 4
