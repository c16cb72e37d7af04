"""Faces found by YuNet, a network of 230 KB with its own reader in OpenCV: boxes and five landmarks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from ..errors import ModelCorrupt
from .face_crops import Place, cut, place_of
from .faces import Face, Point, merged

__all__ = ["faces_by_yunet"]

LEAST_SCORE, LEAST_SCORE_TURNED = 0.7, 0.8
"""what counts as a face, seen upright; as one that lies or stands on itself, which flowers and foals are taken for"""
FIRST_SCORE = 0.6
"""what is worth a look in its crop"""
SURE = 0.9
"""score that upright faces reach and turned ones do not; measured"""
JOINED = 0.3
"""intersection over union of two boxes of one face"""
WIDTH, LOWER = 0.92, 0.04
"""the Haar box's width, in heights of YuNet's box; how much lower its top is, in its own widths. Measured"""
FAR = 60.0
"""degrees; heads turned farther lie"""
NEARLY_UPRIGHT = 4.0
"""degrees; a face that seems turned farther in its own crop is looked at once more"""
LOOKS = 3
"""times, at most, that a face is looked at in its crop: each knows the roll better"""
UPRIGHT_SIDE = 384
"""pixels; of the crop. In smaller faces YuNet sees eyes level, whatever their tilt"""

_one_at_a_time = Lock()


def faces_by_yunet(pixels: np.ndarray, file: Path) -> list[Face]:
    """Faces of one picture, best first, with landmarks; from about 12 pixels. The score is YuNet's own, at least 0.7.

    Args:
        pixels: RGB, uint8, [H, W, 3]; time goes with their number, 640 to a side are enough.
        file: the network, ONNX.
    Raises: ModelCorrupt, when the file is not that network.
    """
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    faces = [_face(row) for row in _found(bgr, file)]
    if not faces or min(face.score for face in faces) < SURE:  # heads that lie, or stand on themselves, are found, but taken for upright ones
        for quarters in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(bgr, -quarters))
            faces += [_face(_turned_back(row, bgr.shape, quarters)) for row in _found(turned, file)]
    looked_at = [_looked_at_upright(face, bgr, file) for face in faces]
    return merged(face for face in looked_at if face.score >= (LEAST_SCORE if abs(face.roll) < FAR else LEAST_SCORE_TURNED))


@lru_cache(maxsize=2)
def _detector(file: Path, _changed: int) -> cv2.FaceDetectorYN:
    try:
        with _without_warnings():
            return cv2.FaceDetectorYN.create(str(file), "", (UPRIGHT_SIDE, UPRIGHT_SIDE), FIRST_SCORE, JOINED, 5000)
    except cv2.error as error:
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=str(error)) from None


@contextmanager
def _without_warnings() -> Iterator[None]:
    """OpenCV 5 warns of a default of its own; 4 does not, and has no such switch."""
    logging = getattr(cv2.utils, "logging", None)
    if logging is None:
        yield
        return
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        logging.setLogLevel(level)


def _found(bgr: np.ndarray, file: Path) -> np.ndarray:
    """YuNet's rows, [n, 15]: box, five landmarks (its "right" eye first: the one on the picture's left), score."""
    with _one_at_a_time:
        detector = _detector(file, file.stat().st_mtime_ns)
        detector.setInputSize(bgr.shape[1::-1])
        found = detector.detect(bgr)[1]
    return np.empty((0, 15)) if found is None else found.astype(np.float64)


def _turned_back(row: np.ndarray, shape: tuple[int, ...], quarters: int) -> np.ndarray:
    """A row found in a picture turned clockwise by quarters, as the picture's own; its landmarks tell the roll."""
    height, width = shape[:2]
    points = np.concatenate(([row[:2] + row[2:4] / 2], row[4:14].reshape(5, 2)))
    for done in range(quarters, 0, -1):  # a clockwise quarter takes (x, y) of a picture of height h to (h - y, x)
        side = height if done % 2 else width
        points = np.column_stack((points[:, 1], side - points[:, 0]))
    size = row[2:4]
    return np.concatenate((points[0] - size / 2, size, points[1:].ravel(), row[14:]))


def _face(row: np.ndarray) -> Face:
    x, y, width, height = row[:4]
    landmarks = row[4:14].reshape(5, 2)
    side = WIDTH * height
    across, down = landmarks[1] - landmarks[0]
    return Face(
        left=float(x + width / 2 - side / 2), top=float(y + LOWER * side), width=float(side), height=float(side),
        roll=-math.degrees(math.atan2(down, across)), score=float(min(row[14], 1.0)), landmarks=tuple((float(a), float(b)) for a, b in landmarks),
    )  # fmt: skip


def _looked_at_upright(face: Face, bgr: np.ndarray, file: Path) -> Face:
    """The same face with the box, the roll and the score it has in its own frame."""
    for _ in range(LOOKS):
        place = place_of(face)
        upright = [_face(row) for row in _found(cut(bgr, place, UPRIGHT_SIDE), file)]
        expected = (
            (face.centre[0] - place.left) * UPRIGHT_SIDE / place.width,
            (face.centre[1] - place.top) * UPRIGHT_SIDE / place.height,
        )
        near = min(upright, key=lambda one: math.dist(one.centre, expected), default=None)
        if near is None or math.dist(near.centre, expected) > UPRIGHT_SIDE / 4:
            break
        face = _in_photo(near, place)
        if abs(near.roll) < NEARLY_UPRIGHT:
            break
    return face


def _in_photo(face: Face, place: Place) -> Face:
    """A face found in the crop at `place`."""
    scale = place.width / UPRIGHT_SIDE, place.height / UPRIGHT_SIDE

    def point(x: float, y: float) -> Point:
        return place.in_photo(place.left + x * scale[0], place.top + y * scale[1])

    x, y = point(*face.centre)
    width, height = face.width * scale[0], face.height * scale[1]
    roll = math.remainder(place.roll + face.roll, 360.0)
    landmarks = tuple(point(*one) for one in face.landmarks)
    return replace(face, left=x - width / 2, top=y - height / 2, width=width, height=height, roll=roll, landmarks=landmarks)
