"""What a network's stages made, brought to the picture's size and joined: the last step of a `forward`, for engines that leave it out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["outputs_of"]

Maps = NDArray[np.float32]
"""[C, h, w]"""
HEADS = 6


def outputs_of(results: Sequence[NDArray[np.float32]], height: int, width: int, *, first_alone: bool) -> list[Maps]:
    """The outputs of a network's `forward` for one picture.

    Args:
        results: of `openvino_graph.drawn`: [1, C, h, w] of each head; for a U2Net also weight [C, heads · C, 1, 1] and bias [C] of what joins them.
        height: of the picture, pixels.
        width: of the picture, pixels.
        first_alone: the first output is all that is wanted.
    Returns: float32, [C, height, width] each, in memory of their own.
    """
    sides = [one[0] for one in results[:HEADS]]
    made: list[Maps] = []
    if results[HEADS:]:
        weight, bias = results[HEADS:]
        made = [_joined(sides, weight, bias, height, width)]
    wanted = (sides[:0] if made else sides[:1]) if first_alone else sides
    return [*made, *(_enlarged(side, height, width) for side in wanted)]


def _joined(sides: list[Maps], weight: Maps, bias: Maps, height: int, width: int) -> Maps:
    """As `U2Net.forward` makes its first output; mixed while the sides are small."""
    made = np.empty((len(bias), height, width), np.float32)
    made[:] = bias[:, None, None]
    for side, share in zip(sides, np.split(weight[:, :, 0, 0], HEADS, axis=1), strict=True):
        mixed = np.einsum("oc,chw->ohw", share, side)  # not `@`, whose threads would wait in circles beside the next picture
        made += _enlarged(mixed, height, width)
    return made


def _enlarged(side: Maps, height: int, width: int) -> Maps:
    """Bilinear, as `rsu.enlarge`."""
    made = np.empty((len(side), height, width), np.float32)
    for one, large in zip(side, made, strict=True):
        cv2.resize(one, (width, height), dst=large, interpolation=cv2.INTER_LINEAR)
    return made
