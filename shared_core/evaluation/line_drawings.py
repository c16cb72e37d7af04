"""How near a line drawing comes to another of the same photo: figures on planes of ink.

Convention: `ink` and `truth` are float32 [H, W], 1 = full ink, 0 = paper, stretched to 0..1 (`stretched`). What is darker than half is ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DrawingFigures", "compare_drawings", "frame_ink", "ink_f", "rim", "stretched"]

NEAR = 2.0
"""pixels within which ink counts as found"""
CLEAR = 12
"""pixels from the nearest ink of the truth at which paper is background for sure"""

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class DrawingFigures:
    """Figures of one drawing against the true one."""

    l1: float
    """mean absolute difference"""
    ink_f: float
    """F of ink pixels within 2 pixels of each other"""
    rim_f: float
    """the same of the ink's outermost pixels: it sees hatching, which a solid gray or black has none of"""
    ink_share: float
    """share of the plane that is ink"""
    true_ink_share: float
    background: float
    """mean ink where the truth has none within 12 pixels; 0: as white as paper"""
    true_background: float
    """the same of the truth"""


def compare_drawings(ink: NDArray[np.floating], truth: NDArray[np.floating]) -> DrawingFigures:
    """The figures of a drawing; both [H, W] of one size, any range: each is stretched by its own minimum and maximum."""
    ink, truth = stretched(ink), stretched(truth)
    dark, true_dark = ink > 0.5, truth > 0.5
    clear = _distance_to(true_dark) > CLEAR
    return DrawingFigures(
        l1=float(np.abs(ink - truth).mean()),
        ink_f=ink_f(dark, true_dark),
        rim_f=ink_f(rim(dark), rim(true_dark)),
        ink_share=float(dark.mean()),
        true_ink_share=float(true_dark.mean()),
        background=float(ink[clear].mean()) if clear.any() else 0.0,
        true_background=float(truth[clear].mean()) if clear.any() else 0.0,
    )


def stretched(plane: NDArray[np.floating]) -> Plane:
    """The plane over 0..1 by its own minimum and maximum; a plane of one value becomes 0."""
    low, high = float(plane.min()), float(plane.max())
    return ((plane - low) / max(high - low, 1e-6)).astype(np.float32)


def ink_f(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """F of two sets of pixels [H, W], each pixel right that lies within 2 pixels of one of the other; 1 where both are empty, 0 where one is."""
    if not found.any() or not truth.any():
        return float(found.any() == truth.any())
    precision = float((_distance_to(truth)[found] <= NEAR).mean())
    recall = float((_distance_to(found)[truth] <= NEAR).mean())
    return 2 * precision * recall / max(precision + recall, 1e-12)


def rim(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of `dark` [H, W] with one beside them (of eight) that is not; the picture's edge is none."""
    inner = cv2.erode(dark.astype(np.uint8), np.ones((3, 3), np.uint8))
    return dark & (inner == 0)


def frame_ink(ink: NDArray[np.floating], inside: NDArray[np.bool_]) -> float:
    """Mean ink within 4 pixels of where the photo ends inside the picture, less that of the 8 pixels further in: a frame line makes it large.

    Args:
        ink: [H, W], 0..1.
        inside: [H, W], where the photo is; all of it: 0.
    """
    depth = np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    edge, further = inside & (depth <= 4), inside & (depth > 4) & (depth <= 12)
    return float(ink[edge].mean() - ink[further].mean()) if not inside.all() and edge.any() and further.any() else 0.0


def _distance_to(dark: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Pixels to the nearest one of `dark`; without any, further than the plane is wide."""
    if not dark.any():
        return np.full(dark.shape, float(sum(dark.shape)), np.float32)
    return np.asarray(cv2.distanceTransform((~dark).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
