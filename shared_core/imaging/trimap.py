"""Trimaps: what is surely subject (1), surely background (0), and unknown (0.5)."""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import Array, alike, as_array, floats

__all__ = ["constrain_alpha", "make_trimap", "split_trimap"]

_SURE = 0.05
"""Alphas nearer than this to 0 or 1 count as sure: a network's background is seldom an exact 0."""
_KNOWN = 0.1
"""Trimap values nearer than this to 0 or 1 are known, which forgives JPEG noise."""


def make_trimap(alpha: Array, inside: float, outside: float) -> Array:
    """Mark an unknown band along the edge of `alpha`, the line where it crosses one half.

    What is truly soft (0.05 to 0.95) is unknown wherever it lies.

    Args:
        alpha: 0..1, [B, H, W].
        inside: how far the unknown band reaches into the subject, in pixels, ≥ 0.
        outside: how far it reaches into the background, in pixels, ≥ 0.
    Returns: trimap of 0, 0.5 and 1, float32, [B, H, W]. Distances are Euclidean between pixel centres; a pixel beside the edge has distance 1.
    """
    values = as_array(alpha)
    trimap = np.full(values.shape, 0.5, np.float32)
    for one, made in zip(values, trimap, strict=True):
        subject = (one >= 0.5).astype(np.uint8)
        made[(one > 1 - _SURE) & (_distance_to_zero(subject) > inside)] = 1
        made[(one < _SURE) & (_distance_to_zero(1 - subject) > outside)] = 0
    return alike(trimap, alpha)


def split_trimap(trimap: Array) -> tuple[Array, Array, Array]:
    """Which pixels are subject, background, unknown: three bools for each pixel. Trimap: 0..1, any middle value is unknown."""
    subject, background = trimap > 1 - _KNOWN, trimap < _KNOWN
    return subject, background, ~(subject | background)


def constrain_alpha(alpha: Array, trimap: Array) -> Array:
    """`alpha` where the trimap is unknown, 1 where it says subject, 0 where it says background. All [B, H, W], 0..1."""
    subject, background, _ = split_trimap(trimap)
    constrained = floats(alpha, copy=True)
    constrained[subject] = 1
    constrained[background] = 0
    return constrained


def _distance_to_zero(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest 0; infinite where there is none."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    return cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
