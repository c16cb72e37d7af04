"""Shading by strokes: where the photo is dark, ink is added that follows its forms or crosses straight."""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import Array, alike, floats
from .flow import Plane, edge_flow, gaussian, luminance, smear
from .ink import pixel_of
from .paper import noise

__all__ = ["hatch"]

_LIGHT = 0.62
"""brightness, in a photo stretched to 0..1, from which on nothing is hatched"""
_DENSEST = 0.75
"""share of the paper that strokes cover where it is darkest"""
_WORKED_AT = 2048
"""longer side, in pixels, that strokes are drawn at; for a larger picture they are enlarged"""
_PERIOD = 5.0
"""of straight strokes, in pixels of a drawing of 512"""


def hatch(ink: Array, image: Array, strength: float, style: str, seed: int) -> Array:
    """Add strokes that shade what is dark in the photo.

    Args:
        ink: 0..1, [B, H, W].
        image: the photo, uint8 or float32 0..1, [B, H, W, 3 or 4].
        strength: 0..1; 0 adds nothing.
        style: "flow", along the forms; "crossed", at 45 degrees, crossing in the darker half.
        seed: 0 or more; the same number gives the same strokes.
    Returns: ink, 0..1, [B, H, W], nowhere less than before.
    """
    hatched = floats(ink, copy=True)
    if not strength:
        return hatched
    height, width = ink.shape[1:]
    scale = min(1.0, _WORKED_AT / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    for one, made in zip(image, hatched, strict=True):
        gray = luminance(one)
        small = gray if scale == 1 else np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
        strokes = _strokes(small, strength, style, pixel_of(ink) * scale, seed)
        if scale < 1:
            strokes = np.clip(cv2.resize(strokes, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
        made[:] = 1 - (1 - made) * (1 - alike(strokes, made))
    return hatched


def _strokes(gray: Plane, strength: float, style: str, pixel: float, seed: int) -> Plane:
    smooth = gaussian(gray, 3 * pixel)
    low, high = np.percentile(smooth, (1, 99))
    bright = (smooth - low) / max(high - low, 0.2)
    cover = strength * _DENSEST * np.clip((_LIGHT - bright) / _LIGHT, 0, 1)
    if style == "flow":
        flow = edge_flow(gaussian(gray, pixel), 5 * pixel)
        return _inked(cover, _evened(smear(noise(gray.shape[0], gray.shape[1], 1.3 * pixel, seed), flow, 7 * pixel, max(1.0, pixel))))
    first, second = (_ramp(gray.shape, sense, pixel, seed) for sense in (1, -1))
    return 1 - (1 - _inked(cover, first)) * (1 - _inked(np.clip(2 * cover - strength * _DENSEST, 0, 1), second))


def _inked(cover: Plane, order: Plane) -> Plane:
    """Ink where a pixel's place in the order, 0..1, lies below the share to be covered; a soft edge, and none at all where nothing is covered."""
    return np.asarray(np.clip((cover - order) / 0.15 + 0.5, 0, 1) * np.clip(cover / 0.1, 0, 1), np.float32)


def _evened(plane: Plane) -> Plane:
    """Values replaced by about the share of values below them."""
    deviation = (plane - plane.mean()) / max(float(plane.std()), 1e-6)
    return np.asarray(1 / (1 + np.exp(-1.702 * deviation)), np.float32)  # the normal distribution within 1 %


def _ramp(shape: tuple[int, ...], sense: int, pixel: float, seed: int) -> Plane:
    """Straight strokes, drawn by hand: 0 in the middle of each, 1 half way between two."""
    height, width = shape
    wander = 0.35 * noise(height, width, 40 * pixel, seed + sense + 1) + 0.12 * noise(height, width, 6 * pixel, seed + sense + 9)
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    place = (columns + sense * rows) / (np.sqrt(2) * _PERIOD * pixel) + wander
    return np.asarray(2 * np.abs(place - np.round(place)), np.float32)
