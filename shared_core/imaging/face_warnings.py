"""What makes a face hard to draw, in sentences that say what to do."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..arrays import Array, as_array
from ..notices import Notice
from .cutout import as_floats
from .face_crops import BELOW, cut, place_of
from .faces import Face

__all__ = ["warnings_of"]

SIDE = 128
"""pixels; of the crop that is judged"""
FACE = slice(48, 88), slice(44, 84)
"""rows and columns of that crop: eyes, cheeks, nose"""
SMALL = 150.0
"""pixels; width of the box"""
DARK = 0.36
"""brightness that nineteen twentieths of the face do not reach, 0..1 of sRGB: dark skin in good light has its highlights"""
TURNED = 0.35
"""how far the nose lies from the middle of the eyes, in distances of the eyes"""
BUSY = 0.024
"""mean difference of neighbouring pixels beside the head"""


def warnings_of(picture: Array, face: Face, *, cleared: bool = False) -> list[Notice]:
    """What the user should know before this face is drawn. The thresholds were chosen on photos; see docs/faces.md.

    Args:
        picture: the photo, [H, W, 3 or 4], uint8 or float32 0..1.
        face: one of its faces.
        cleared: its background will be taken away, so that it may be as busy as it likes.
    """
    height, width = picture.shape[:2]
    number = face.picture + 1
    notices: list[Notice] = []
    if _is_cut_off(face, width, height):
        notices.append(Notice("A face of picture {number} is cut off by the picture's edge: parts beyond it are drawn as white paper.", number=number))
    if face.width < SMALL:
        notices.append(Notice(
            "A face of picture {number} is only {width} pixels wide; below {least} the drawing lacks features. Use a larger photo, or enlarge the face first.",
            number=number, width=round(face.width), least=round(SMALL),
        ))  # fmt: skip
    gray = _gray(picture, face)
    if float(np.percentile(gray[FACE], 95)) < DARK:
        notices.append(Notice("A face of picture {number} is very dark; brighten the photo first.", number=number))
    if _turned_away(face) > TURNED:
        notices.append(Notice("A face of picture {number} is turned away; the networks know faces seen from the front.", number=number))
    if not cleared and _busyness(gray) > BUSY:
        notices.append(Notice(
            "The background of the face in picture {number} is busy, and its edges will be drawn too; clear it with the matte first.", number=number
        ))  # fmt: skip
    return notices


def _is_cut_off(face: Face, width: int, height: int) -> bool:
    """Whether the head, hair and chin, leaves the picture. The crop's lower margin is neck, which portraits often lack."""
    points = [face.at(across, down) for across, down in ((0.5, -0.25), (-0.02, 0.4), (1.02, 0.4), (0.5, 1 + BELOW / 2))]
    return any(not (-1 <= x <= width + 1 and -1 <= y <= height + 1) for x, y in points)


def _gray(picture: Array, face: Face) -> np.ndarray:
    """The crop, float32 0..1, [SIDE, SIDE]."""
    return cv2.cvtColor(as_floats(cut(as_array(picture)[..., :3], place_of(face), SIDE)), cv2.COLOR_RGB2GRAY)


def _turned_away(face: Face) -> float:
    """0 for a face seen from the front or without landmarks."""
    if not face.landmarks:
        return 0.0
    (left_x, left_y), (right_x, right_y), (nose_x, nose_y) = face.landmarks[:3]
    apart = math.dist((left_x, left_y), (right_x, right_y))
    along = ((nose_x - (left_x + right_x) / 2) * (right_x - left_x) + (nose_y - (left_y + right_y) / 2) * (right_y - left_y)) / max(apart, 1e-6)
    return abs(along) / max(apart, 1e-6)


def _busyness(gray: np.ndarray) -> float:
    """Mean difference of neighbouring pixels in the crop's upper corners and sides, where hair seldom reaches."""
    edge = SIDE // 7
    beside = (gray[: SIDE * 3 // 5, :edge], gray[: SIDE * 3 // 5, -edge:])
    return float(np.mean([np.abs(np.diff(part, axis=axis)).mean() for part in beside for axis in (0, 1)]))
