"""A plane's numbers ↔ arrays. Large pictures are turned in strips: what a strip needs stays in the processor's cache, and strips go side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..imaging.alone import each
from .protocol import Plane

__all__ = ["array_of", "plane_of"]

STRIP = 1 << 20
"""numbers turned at once"""
TOP = {"u8": np.float32(255.0), "u16": np.float32(65535.0)}
DTYPES = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}


def array_of(plane: Plane) -> np.ndarray:
    """[H, W] or [H, W, C]: uint8 as it is, else float32. Shares the plane's memory where it can, and is read-only where that is."""
    levels = np.frombuffer(plane.data, DTYPES[plane.type])
    if plane.type != "u16":
        return levels.reshape(plane.shape)
    values = np.empty(levels.shape, np.float32)

    def turn(strip: slice) -> None:
        np.divide(levels[strip], TOP["u16"], out=values[strip])

    _by_strips(turn, levels)
    return values.reshape(plane.shape)


def plane_of(name: str, kind: str, picture: np.ndarray) -> Plane:
    """Pixels of [H, W] or [H, W, C], uint8 or floats, as bytes of a type. Shares the picture's memory where it can."""
    pixels = np.ascontiguousarray(picture)
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

    _by_strips(turn, flat)
    return levels


def _by_strips(turn: Callable[[slice], None], flat: np.ndarray) -> None:
    each(turn, [slice(start, start + STRIP) for start in range(0, flat.size, STRIP)], flat)
