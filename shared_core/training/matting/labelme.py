"""labelme's JSON → masks: polygons, circles and lines drawn in their order, boxes filled or handed to GrabCut."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import U2StudioError
from .photos import photo_pixels

__all__ = ["grabcut", "labelled_files", "write_masks"]

ROUNDS = 5
LEAST = 0.05
"""of the box must be subject: people draw boxes close, and a smaller answer means that subject and background were taken for one"""


def labelled_files(folder: Path) -> list[Path]:
    """The JSON files of a folder that labelme wrote."""
    return sorted(path for path in folder.glob("*.json") if '"shapes"' in path.read_text(encoding="utf-8", errors="replace"))


def write_masks(folder: Path, target: Path, boxes: str, classes: Sequence[str], problem: Callable[[str], object]) -> list[tuple[Path, Path]]:
    """Draw the mask of every labelled photo into `target`, where you can look at them.

    Args:
        folder: holds the JSON files, and the photos where they say.
        target: gets one PNG a photo, 255 = subject, or the number of the class.
        boxes: "grabcut" or "fill", for rectangles.
        classes: names of the labels, the background first; none: every shape is the subject.
        problem: told of each file that cannot be used.
    Returns: photo and mask of each.
    """
    target.mkdir(parents=True, exist_ok=True)
    made: list[tuple[Path, Path]] = []
    for file in labelled_files(folder):
        try:
            written = json.loads(file.read_text(encoding="utf-8"))
            photo = folder / str(written["imagePath"]).replace("\\", "/")
            mask = _drawn(written["shapes"], photo_pixels(photo), boxes, classes)
        except (U2StudioError, OSError, ValueError, KeyError, TypeError, cv2.error) as error:
            problem(f"{file}: {type(error).__name__ if isinstance(error, (KeyError, cv2.error)) else ''} {error}".replace(":  ", ": "))
            continue
        path = target / f"{file.stem}.png"
        path.write_bytes(cv2.imencode(".png", mask)[1].tobytes())
        made.append((photo, path))
    return made


def grabcut(photo: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The subject in a box, 255 = subject, [H, W]; the whole box where next to nothing of it is called subject.

    Args:
        photo: [H, W, 3], RGB.
        box: left, top, width, height in pixels; what lies outside it is background for sure.
    Source: Rother et al. 2004, as in OpenCV, 5 rounds.
    """
    left, top, width, height = box
    cv2.setRNGSeed(0)  # its mixtures start from random ones
    state = np.full(photo.shape[:2], cv2.GC_BGD, np.uint8)
    state[top : top + height, left : left + width] = cv2.GC_PR_FGD
    if width * height < photo.shape[0] * photo.shape[1]:  # without any background there is nothing to tell the subject from
        cv2.grabCut(np.ascontiguousarray(photo[:, :, ::-1]), state, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    subject = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if subject.sum() < LEAST * width * height:
        subject[top : top + height, left : left + width] = True
    return subject.astype(np.uint8) * 255


def _drawn(shapes: list[dict[str, Any]], photo: NDArray[np.uint8], boxes: str, classes: Sequence[str]) -> NDArray[np.uint8]:
    mask = np.zeros(photo.shape[:2], np.uint8)
    for shape in shapes:
        points = np.array(shape["points"], np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError("a shape without points")
        kind, value = shape.get("shape_type") or "polygon", _value(str(shape.get("label", "")), classes)
        if kind == "rectangle":
            _box(mask, photo, points, boxes, value)
        elif kind == "circle":
            cv2.circle(mask, _pixel(points[0]), round(float(np.hypot(*(points[1] - points[0])))), value, cv2.FILLED)
        elif kind == "polygon":
            if len(points) < 3:
                raise ValueError("a polygon of fewer than three points")
            cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], value)
        else:
            raise ValueError(f"a shape of the kind {kind}; polygon, rectangle and circle are read")
    return mask


def _box(mask: NDArray[np.uint8], photo: NDArray[np.uint8], points: NDArray[np.float64], boxes: str, value: int) -> None:
    height, width = mask.shape
    left, top = np.clip(np.floor(points.min(0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(points.max(0)), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        raise ValueError("a rectangle outside the photo")
    if boxes == "grabcut":
        mask[grabcut(photo, (left, top, right - left, bottom - top)) > 0] = value
    else:
        mask[top:bottom, left:right] = value


def _value(name: str, classes: Sequence[str]) -> int:
    if classes and name not in classes:
        raise ValueError(f"the label {name} is none of {', '.join(classes)}")
    return classes.index(name) if classes else 255


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
