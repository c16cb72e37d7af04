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

    @property
    def has_alpha(self) -> bool:
        return self.pixels.shape[2] == 4
