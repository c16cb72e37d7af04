"""Faces of a film: boxes that follow a head smoothly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .faces import Face, overlap

__all__ = ["steadied"]

SIGMA = 2.0
"""pictures; how far to either side a box is averaged with its neighbours"""
LONGEST_GAP = 5
"""pictures in which a face may be missed and still is the same one; its box there is interpolated"""
SAME = 0.3
"""`overlap` of a face's boxes in neighbouring pictures, at least"""


def steadied(faces: Sequence[Face]) -> list[Face]:
    """The faces of a film, each one's box and roll smoothed over time, with those in between that were missed.

    Args:
        faces: of successive pictures, in whatever order.
    Returns: by picture. Landmarks are left out, since they would no longer fit.
    """
    return sorted((face for track in _tracks(faces) for face in _smoothed(track)), key=lambda face: face.picture)


def _tracks(faces: Sequence[Face]) -> list[list[Face]]:
    """The same person's faces, in the order of the pictures."""
    tracks: list[list[Face]] = []
    for face in sorted(faces, key=lambda one: (one.picture, -one.score)):
        open_tracks = [track for track in tracks if 0 < face.picture - track[-1].picture <= LONGEST_GAP + 1]
        best = max(open_tracks, key=lambda track: overlap(track[-1], face), default=None)
        if best is not None and overlap(best[-1], face) > SAME:
            best.append(face)
        else:
            tracks.append([face])
    return tracks


def _smoothed(track: list[Face]) -> list[Face]:
    seen = np.array([face.picture for face in track])
    pictures = np.arange(seen[0], seen[-1] + 1)
    rolls = np.degrees(np.unwrap(np.radians([face.roll for face in track])))
    rows = np.array([(*face.centre, face.width, face.height, roll, face.score) for face, roll in zip(track, rolls, strict=True)])
    rows = np.column_stack([np.interp(pictures, seen, column) for column in rows.T])
    weights = np.exp(-((pictures[:, None] - pictures) ** 2) / (2 * SIGMA**2))
    smooth = weights @ rows / weights.sum(1, keepdims=True)
    smooth[:, :4] = _led(smooth[:, :4], rows[:, :4], weights)
    return [
        replace(track[0], picture=int(picture), left=x - width / 2, top=y - height / 2, width=width, height=height,
                roll=math.remainder(roll, 360.0), score=score, landmarks=())
        for picture, (x, y, width, height, roll, score) in zip(pictures, smooth.tolist(), strict=True)
    ]  # fmt: skip


def _led(smooth: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """At both ends of a film, where the neighbours are on one side only, a mean lags behind what moves: what was smoothed away, smoothed, goes back on."""
    return smooth + weights @ (rows - smooth) / weights.sum(1, keepdims=True)
