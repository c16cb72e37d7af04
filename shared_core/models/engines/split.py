"""A picture split for a first unit that reads it in bf16: `networks.half_precision.split_picture`, where there is no PyTorch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["split_in_place"]

_BELOW_HALF = np.uint32(0x7FFF)
_KEPT = np.uint32(0xFFFF0000)
"""bf16 is the upper half of a float32"""


def split_in_place(made: NDArray[np.float32]) -> None:
    """Make `split_picture` of [B, 3 · C, H, W] whose middle third is the batch, to the bit; only what is not a number may be another one that is not."""
    rounded, rest, again = np.split(made, 3, axis=1)
    bits, picture = rounded.view(np.uint32), rest.view(np.uint32)
    np.right_shift(picture, 16, out=bits)
    bits &= 1  # to the nearest; of two as near, to the even one
    bits += _BELOW_HALF
    bits += picture
    bits &= _KEPT
    rest -= rounded
    again[...] = rounded
