"""A plane's numbers ↔ tensors. Large pictures are turned in strips: what a strip needs stays in the processor's cache, and strips go side by side."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..imaging.alone import each
from .protocol import Plane

__all__ = ["plane_of", "tensor_of"]

CPU = torch.device("cpu")
STRIP = 1 << 20
"""numbers turned at once"""
TOP = {"u8": np.float32(255.0), "u16": np.float32(65535.0)}
DTYPES = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}


def tensor_of(plane: Plane) -> Tensor:
    """[H, W] or [H, W, C]: uint8 as it is, else float32. Shares the plane's memory where it can."""
    if plane.type != "u16":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given buffer is not writable")  # nor is it written: no operation changes what it is given
            return torch.frombuffer(plane.data, dtype=torch.uint8 if plane.type == "u8" else torch.float32).view(plane.shape)
    levels = np.frombuffer(plane.data, np.uint16)
    values = np.empty(levels.shape, np.float32)

    def turn(strip: slice) -> None:
        np.divide(levels[strip], TOP["u16"], out=values[strip])

    _by_strips(turn, len(levels))
    return torch.from_numpy(values).view(plane.shape)


def plane_of(name: str, kind: str, picture: Tensor) -> Plane:
    """Pixels of [H, W] or [H, W, C], any device, uint8 or floats, as bytes of a type. Shares the tensor's memory where it can."""
    pixels = picture.contiguous().cpu().numpy()
    if pixels.dtype == np.uint8 and kind != "u8":
        pixels = np.divide(pixels, TOP["u8"], dtype=np.float32)
    if pixels.dtype != DTYPES[kind]:
        pixels = pixels.astype(np.float32, copy=False)
        pixels = pixels if kind == "f32" else _levels(pixels, kind)
    return Plane(name, kind, tuple(pixels.shape), pixels.data.cast("B"))


def _levels(values: np.ndarray, kind: str) -> np.ndarray:
    flat, levels = values.reshape(-1), np.empty(values.shape, DTYPES[kind])
    made = levels.reshape(-1)

    def turn(strip: slice) -> None:
        scaled = flat[strip] * TOP[kind]
        np.rint(scaled, out=scaled)
        np.clip(scaled, 0.0, TOP[kind], out=scaled)
        made[strip] = scaled

    _by_strips(turn, flat.size)
    return levels


def _by_strips(turn: Callable[[slice], None], count: int) -> None:
    each(turn, [slice(start, start + STRIP) for start in range(0, count, STRIP)], CPU)
