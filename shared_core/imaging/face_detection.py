"""Faces of a picture, found in a smaller copy of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..arrays import Array, as_array
from .face_cascade import BESIDE_THE_LARGEST, WINDOW, faces_by_cascade
from .face_yunet import faces_by_yunet
from .faces import Face

__all__ = ["detected", "least_width"]

SIDE = 640
"""pixels; the longer side of the copy"""
LARGEST_SIDE = 1920
"""pixels; the same where small faces are asked for"""


def detected(picture: Array, yunet: Path | None = None, smallest: float = 0.0, *, only_largest: bool = False) -> list[Face]:
    """The faces of one picture, best first, with boxes as a Haar detector has them.

    Args:
        picture: [H, W, 3], uint8 or float32 0..1.
        yunet: the file of that network; None: the built-in cascade.
        smallest: width of the smallest face's box, px; 0: half of the largest's, which are the people that the photo is of.
        only_largest: others need not be found, which saves time.
    Raises: ModelCorrupt, when `yunet` is another file.
    """
    height, width = picture.shape[:2]
    wanted = min(max(SIDE, WINDOW / smallest * max(height, width)), LARGEST_SIDE) if smallest else SIDE
    scale = min(1.0, wanted / max(height, width))
    small = _bytes(as_array(picture), max(1, round(width * scale)), max(1, round(height * scale)))
    found = faces_by_cascade(small, smallest * scale, only_largest=only_largest) if yunet is None else faces_by_yunet(small, yunet)
    faces = [_scaled(face, 1 / scale) for face in found]
    least = smallest or BESIDE_THE_LARGEST * max((face.width for face in faces), default=0.0)
    return [face for face in faces if face.width >= least]


def least_width(height: int, width: int) -> int:
    """Of the smallest face that is found in a picture of this size, px, where no size is asked for and nobody counts as a bystander."""
    return -(-WINDOW * max(height, width) // SIDE) if max(height, width) > SIDE else WINDOW


def _bytes(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    small = cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=cv2.INTER_AREA) if pixels.shape[:2] != (height, width) else pixels
    return np.ascontiguousarray(small if small.dtype == np.uint8 else np.rint(small * 255).astype(np.uint8))


def _scaled(face: Face, scale: float) -> Face:
    return replace(
        face, left=face.left * scale, top=face.top * scale, width=face.width * scale, height=face.height * scale,
        landmarks=tuple((x * scale, y * scale) for x, y in face.landmarks),
    )  # fmt: skip
