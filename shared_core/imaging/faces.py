"""Faces: what is known of one, rows of numbers, merging what was found twice, choosing.

Convention: a box is that of a Haar frontal-face detector, square from mid-forehead to chin, whichever detector found it. It is upright in the
head's own frame, which is turned by `roll` about the box's centre.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array

__all__ = ["Face", "Point", "faces_from_rows", "from_left_to_right", "largest", "merged", "nearest", "overlap", "rows_from_faces", "same_face", "whole_picture"]

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face. Pixels are counted from the picture's top left corner, which is 0, 0; the first pixel's centre is 0.5, 0.5."""

    picture: int = 0
    """which of the batch"""
    left: float
    top: float
    width: float
    height: float
    roll: float = 0.0
    """how far the head is turned anticlockwise, as one sees it, degrees, -180..180"""
    score: float = 1.0
    """how sure the detector is, 0..1; 1 for boxes by hand"""
    landmarks: tuple[Point, ...] = ()
    """in the picture: the eye on its left, the eye on its right, nose tip, mouth's corner on its left, on its right (of an upright head); or none"""

    @property
    def centre(self) -> Point:
        """Of the box, in the picture."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def size(self) -> float:
        """The box's longer side, px."""
        return max(self.width, self.height)

    def at(self, across: float, down: float) -> Point:
        """The point of the picture that lies so many widths across and heights down the box, in the head's frame. 0.5, 0.5 is the centre."""
        turn = math.radians(self.roll)
        x, y = (across - 0.5) * self.width, (down - 0.5) * self.height
        return self.centre[0] + x * math.cos(turn) + y * math.sin(turn), self.centre[1] - x * math.sin(turn) + y * math.cos(turn)


def rows_from_faces(faces: Iterable[Face]) -> np.ndarray:
    """The kind "faces" of `spec.operation.Kind`: float32 [N, 7]. Landmarks are left out."""
    rows = [(one.picture, one.left, one.top, one.width, one.height, one.roll, one.score) for one in faces]
    return np.array(rows, np.float32).reshape(-1, 7)


def faces_from_rows(rows: Array) -> list[Face]:
    """What `rows_from_faces` wrote."""
    return [
        Face(picture=int(picture), left=left, top=top, width=width, height=height, roll=roll, score=score)
        for picture, left, top, width, height, roll, score in rows.tolist()
    ]


def whole_picture(width: int, height: int, picture: int = 0) -> Face:
    """The face whose crop is the whole picture: with the crop's margins around it, its box ends at the picture's edges."""
    return Face(picture=picture, left=width / 4.5, top=height / 3, width=width / 1.8, height=height / 1.8)


def overlap(one: Face, other: Face) -> float:
    """Intersection over union of the circles within two boxes, which turning does not change. 0..1."""
    radii = one.size / 2, other.size / 2
    smaller, larger = sorted(radii)
    distance = math.dist(one.centre, other.centre)
    if distance >= smaller + larger:
        return 0.0
    if distance <= larger - smaller:
        return (smaller / larger) ** 2
    first = math.acos(min(1.0, (distance**2 + smaller**2 - larger**2) / (2 * distance * smaller)))
    second = math.acos(min(1.0, (distance**2 + larger**2 - smaller**2) / (2 * distance * larger)))
    shared = smaller**2 * (first - math.sin(2 * first) / 2) + larger**2 * (second - math.sin(2 * second) / 2)
    return shared / (math.pi * (smaller**2 + larger**2) - shared)


def same_face(one: Face, other: Face, most: float = 0.3) -> bool:
    """Whether two boxes are of one face: they overlap by more than `most`, or one's centre lies in the other, as do those of eyes, mouths and collars."""
    return overlap(one, other) > most or math.dist(one.centre, other.centre) < 0.5 * max(one.size, other.size)


def merged(faces: Iterable[Face]) -> list[Face]:
    """The best of those of one picture that are one face found twice, over sizes and rolls; best first."""
    kept: list[Face] = []
    for one in sorted(faces, key=lambda face: -face.score):
        if not any(same_face(one, other) for other in kept):
            kept.append(one)
    return kept


def from_left_to_right(faces: Iterable[Face]) -> list[Face]:
    """Ordered by picture, then by where the centre lies: as one counts people."""
    return sorted(faces, key=lambda face: (face.picture, face.centre))


def largest(faces: Sequence[Face]) -> Face:
    """The one with the largest box; of equals the first."""
    return max(faces, key=lambda face: face.width * face.height)


def nearest(faces: Sequence[Face], x: float, y: float) -> Face:
    """The one whose centre is nearest to a point of the picture."""
    return min(faces, key=lambda face: math.dist(face.centre, (x, y)))
