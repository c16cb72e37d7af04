"""Faces brought to one place by five landmarks, as APDrawing's are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import BadInput

__all__ = ["FRAME", "TARGETS", "aligned", "read_landmarks", "similarity"]

FRAME = 512
"""height and width of the aligned picture, pixels"""
TARGETS = np.array([(201.1, 246.9), (310.9, 246.9), (256.0, 311.8), (206.6, 370.8), (305.4, 370.8)])
"""x, y of left eye, right eye, nose, left and right corner of the mouth, as seen. Source: APDrawingGAN, preprocess/example/face_align_512.m"""
WHITE = (255, 255, 255)


def read_landmarks(file: Path) -> NDArray[np.float64]:
    """Five points, [5, 2], x and y in pixels: ten numbers, separated by blanks, commas or lines. Raises: BadInput."""
    try:
        numbers = [float(word) for word in file.read_text(encoding="utf-8").replace(",", " ").split()]
    except (OSError, ValueError) as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=getattr(error, "strerror", None) or str(error)) from None
    if len(numbers) != 10 or not np.isfinite(numbers).all():
        raise BadInput("{file} holds {count} numbers; five landmarks are ten.", file=str(file), count=len(numbers))
    return np.array(numbers).reshape(5, 2)


def similarity(points: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift that bring points nearest to targets, least squares, [2, 3] for `cv2.warpAffine`; both [N, 2]. Source: Umeyama 1991."""
    from_middle, to_middle = points.mean(0), targets.mean(0)
    a, b = points - from_middle, targets - to_middle
    # in the plane the best turn and scale are one complex number
    factor = np.sum(np.conj(a @ (1, 1j)) * (b @ (1, 1j))) / max(float(np.sum(a * a)), 1e-12)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.hstack([turn, (to_middle - turn @ from_middle)[:, None]])


def aligned(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The picture [H, W] or [H, W, 3] with its landmarks at `TARGETS`, FRAME×FRAME; what lies outside it is white."""
    matrix = similarity(points, TARGETS)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 1:  # warping looks at four neighbours only: what it skips is averaged first
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.5 * (1 / scale**2 - 1) ** 0.5 + 1e-3), np.uint8)
    return np.asarray(cv2.warpAffine(picture, matrix, (FRAME, FRAME), flags=cv2.INTER_LINEAR, borderValue=WHITE), np.uint8)
