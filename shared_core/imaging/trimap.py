"""Trimaps: what is surely subject (1), surely background (0), and unknown (0.5)."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

__all__ = ["constrain_alpha", "make_trimap", "split_trimap"]

_SURE = 0.05
"""Alphas nearer than this to 0 or 1 count as sure: a network's background is seldom an exact 0."""
_KNOWN = 0.1
"""Trimap values nearer than this to 0 or 1 are known, which forgives JPEG noise."""


def make_trimap(alpha: Tensor, inside: float, outside: float) -> Tensor:
    """Mark an unknown band along the edge of `alpha`, the line where it crosses one half.

    What is truly soft (0.05 to 0.95) is unknown wherever it lies.

    Args:
        alpha: 0..1, [B, H, W].
        inside: how far the unknown band reaches into the subject, in pixels, ≥ 0.
        outside: how far it reaches into the background, in pixels, ≥ 0.
    Returns: trimap of 0, 0.5 and 1, float32, [B, H, W]. Distances are Euclidean between pixel centres; a pixel beside the edge has distance 1.
    """
    trimap = torch.full_like(alpha, 0.5, dtype=torch.float32)
    sure_subject, sure_background = alpha > 1 - _SURE, alpha < _SURE
    for one, subject in enumerate((alpha >= 0.5).cpu().numpy().astype(np.uint8)):
        deep = torch.from_numpy(_distance_to_zero(subject) > inside).to(alpha.device)
        far = torch.from_numpy(_distance_to_zero(1 - subject) > outside).to(alpha.device)
        trimap[one][sure_subject[one] & deep] = 1
        trimap[one][sure_background[one] & far] = 0
    return trimap


def split_trimap(trimap: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Which pixels are subject, background, unknown: three bool tensors of the trimap's shape. Trimap: 0..1, any middle value is unknown."""
    subject, background = trimap > 1 - _KNOWN, trimap < _KNOWN
    return subject, background, ~(subject | background)


def constrain_alpha(alpha: Tensor, trimap: Tensor) -> Tensor:
    """`alpha` where the trimap is unknown, 1 where it says subject, 0 where it says background. All [B, H, W], 0..1."""
    subject, background, _ = split_trimap(trimap)
    return alpha.float().masked_fill(subject, 1).masked_fill(background, 0)


def _distance_to_zero(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest 0; infinite where there is none."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    return cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
