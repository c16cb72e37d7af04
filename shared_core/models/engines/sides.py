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
    sides, joining = [one[0] for one in results[:HEADS]], results[HEADS:]
    if not joining:
        return [_enlarged(side, height, width) for side in (sides[:1] if first_alone else sides)]
    outputs = [] if first_alone else [_enlarged(side, height, width) for side in sides]
    weight, bias = joining
    return [_joined(outputs or sides, weight, bias, (height, width)), *outputs]


def _joined(sides: Sequence[Maps], weight: Maps, bias: Maps, size: tuple[int, int]) -> Maps:
    """As `U2Net.forward` makes its first output. Sides that are still small are mixed as they are."""
    made = np.empty((len(bias), *size), np.float32)
    made[:] = bias[:, None, None]
    for side, share in zip(sides, np.split(weight[:, :, 0, 0], HEADS, axis=1), strict=True):
        mixed = np.einsum("oc,chw->ohw", share, side)  # not `@`, whose threads would wait in circles beside the next picture
        made += mixed if mixed.shape[1:] == size else _enlarged(mixed, *size)
    return made


def _enlarged(side: Maps, height: int, width: int) -> Maps:
    """Bilinear, as `rsu.enlarge`."""
    made = np.empty((len(side), height, width), np.float32)
    for one, large in zip(side, made, strict=True):
        cv2.resize(one, (width, height), dst=large, interpolation=cv2.INTER_LINEAR)
    return made
