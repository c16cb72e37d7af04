"""Which way the edges of a picture run: a smooth field of directions, and planes smeared along it. NumPy planes [H, W], float32; x right, y down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, as_array
from .cutout import as_floats

__all__ = ["EYE", "Flow", "Plane", "edge_flow", "gaussian", "luminance", "seen_gray", "smear"]

Plane = NDArray[np.float32]

EYE = np.array([0.299, 0.587, 0.114], np.float32)
"""how bright red, green and blue look"""
_ROWS = 512


@dataclass(frozen=True)
class Flow:
    """A direction for every pixel, [H, W] each: the unit vector (`x`, `y`) along the edge. It and its opposite mean the same."""

    x: Plane
    y: Plane
    coherence: Plane
    """0..1, how much the neighbourhood agrees on it"""


def edge_flow(planes: NDArray[np.float32], sigma: float) -> Flow:
    """The directions edges run in, smoothed over their neighbourhood; strong edges count most.

    Args:
        planes: one or more planes of a picture, [H, W] or [H, W, C].
        sigma: of the Gaussian that smooths the directions, in pixels, > 0.
    Source: the smoothed structure tensor of Kyprianidis and Döllner 2008, in the place of the edge tangent flow of Kang et al. 2007, whose
    results it gives without iterations.
    """
    across, down = (cv2.Scharr(planes, cv2.CV_32F, dx, 1 - dx, scale=1 / 32, borderType=cv2.BORDER_REPLICATE) for dx in (1, 0))
    xx, xy, yy = (_over_planes(np.asarray(one, np.float32)) for one in (across * across, across * down, down * down))
    xx, xy, yy = (gaussian(one, sigma) for one in (xx, xy, yy))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    normal = 0.5 * np.arctan2(2 * xy, xx - yy)
    return Flow(-np.sin(normal), np.cos(normal), np.asarray(spread / (xx + yy + 1e-8), np.float32))


def smear(plane: Plane, flow: Flow, sigma: float, step: float = 1.0) -> Plane:
    """Gaussian mean along the curves of a flow, through every pixel; beyond the border its last pixel goes on.

    Args:
        plane: [H, W].
        flow: of the same size.
        sigma: of the Gaussian, in pixels along the curve, > 0.
        step: between samples, in pixels.
    Source: Kang et al. 2007, section 4; line integral convolution, Cabral and Leedom 1993.
    """
    height, width = plane.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    total, weights = plane.copy(), 1.0
    for sense in (1, -1):
        x, y = columns.copy(), rows.copy()
        along_x, along_y = sense * flow.x, sense * flow.y
        for number in range(1, max(1, round(2 * sigma / step)) + 1):
            x, y = np.clip(x + step * along_x, 0, width - 1), np.clip(y + step * along_y, 0, height - 1)
            weight = float(np.exp(-((number * step / sigma) ** 2) / 2))
            total += weight * cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            weights += weight
            next_x, next_y = (cv2.remap(one, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) for one in (flow.x, flow.y))
            turned = np.where(next_x * along_x + next_y * along_y < 0, np.float32(-1), np.float32(1))  # a direction's sign is chance
            along_x, along_y = next_x * turned, next_y * turned
    return np.asarray(total / weights, np.float32)


def gaussian(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur; the border's last pixel goes on."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def luminance(picture: Array) -> Plane:
    """Brightness of a picture as the eye sees its colours: [H, W, 3 or 4], uint8 or float32 0..1 → [H, W], 0..1."""
    pixels, gray = as_array(picture), np.empty(picture.shape[:2], np.float32)
    for top in range(0, len(gray), _ROWS):
        gray[top : top + _ROWS] = seen_gray(as_floats(pixels[top : top + _ROWS, :, :3]))
    return gray


def seen_gray(colours: NDArray[np.float32]) -> Plane:
    """[H, W, 3] → [H, W], the sum by `EYE`. Not as a product of matrices: NumPy's threads for those go on spinning beside a network's."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2GRAY), np.float32)


def _over_planes(values: NDArray[np.float32]) -> Plane:
    return values if values.ndim == 2 else values.sum(2)
