"""Sheets of paper to draw on, made from a number."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .composite import colour_values
from .ink import DRAWN_AT

__all__ = ["noise", "paper"]

Plane = NDArray[np.float32]

_DEPTH = {"grain": 0.10, "laid": 0.12}
"""how dark the darkest places are"""


def paper(height: int, width: int, colour: str, texture: str, seed: int) -> Plane:
    """A sheet of paper. Its texture is as coarse for a large picture as for a small one, seen at one size.

    Args:
        height: in pixels.
        width: in pixels.
        colour: "#rrggbb", that of the lightest places.
        texture: "none"; "grain", a rough surface in slanting light; "laid", the fine ribs and wide chain lines of a hand mould.
        seed: 0 or more; the same number gives the same sheet.
    Returns: float32 0..1, [height, width, 3]; for "none" the colour alone, [3].
    """
    plain = colour_values(colour)
    if texture == "none":
        return plain
    pixel = max(height, width) / DRAWN_AT
    relief = _standard(noise(height, width, pixel, seed)) + 0.7 * _standard(noise(height, width, 3 * pixel, seed + 1))
    if texture == "laid":
        relief = 0.5 * relief + _ribs(height, width, pixel, seed)
    low, high = np.percentile(relief, (1, 99))
    darkness = np.clip((relief - low) / max(high - low, 1e-6), 0, 1) * _DEPTH[texture]
    return plain * (1 - darkness.astype(np.float32))[..., None]


def noise(height: int, width: int, grain: float, seed: int) -> Plane:
    """Smooth random values, mean about 0.

    Args:
        height: in pixels.
        width: in pixels.
        grain: size of what varies, in pixels, > 0.
        seed: 0 or more.
    """
    small = max(1, round(height / grain)), max(1, round(width / grain))
    rough = np.random.Generator(np.random.PCG64(seed)).standard_normal(small, np.float32)
    return np.asarray(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC if grain > 1 else cv2.INTER_AREA), np.float32)


def _ribs(height: int, width: int, pixel: float, seed: int) -> Plane:
    """Ribs every 3.5 pixels of a picture of 512, chain lines every 72, both a little uneven."""
    wander = 2.5 * noise(height, width, 60 * pixel, seed + 2) + 0.6 * noise(height, width, 8 * pixel, seed + 3)
    rows = np.arange(height, dtype=np.float32)[:, None] / pixel
    columns = np.arange(width, dtype=np.float32)[None] / pixel
    ribs = np.cos(2 * np.pi * (rows + wander) / 3.5)
    chains = np.exp(-((((columns + 0.4 * wander) % 72 - 36) / 1.2) ** 2))
    return np.asarray(ribs + 1.5 * chains, np.float32)


def _standard(plane: Plane) -> Plane:
    return (plane - plane.mean()) / max(float(plane.std()), 1e-6)
