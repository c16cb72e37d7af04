"""A prediction beside its truth: what every measure of `saliency` and `boundary` starts from, counted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput

__all__ = ["Pair", "Picture", "as_alpha", "as_levels"]

Picture = NDArray[Any]
"""[H, W]: uint8, uint16, bool, or floating point in 0..1; `as_alpha` checks it"""


@dataclass(frozen=True, eq=False)
class Pair:
    """A predicted map in 256 levels and the mask it should be. Make one with `Pair.of`."""

    levels: NDArray[np.uint8]
    """[H, W], the prediction as stored, 0..255"""
    mask: NDArray[np.uint8]
    """[H, W], 1 = subject, 0 = background"""
    span: tuple[int, int]
    """the levels that count as 0 and as 1: 0 and 255, or if stretched the least and the greatest there is"""
    values: NDArray[np.float64]
    """[256], what each level counts as, 0..1"""
    counts: NDArray[np.int64]
    """[2, 2, 2, 256]: pixels by top/bottom, left/right, background/subject, level"""
    split: tuple[int, int]
    """row and column where bottom and right begin: one past the subject's rounded centre of gravity"""

    @classmethod
    def of(cls, prediction: Picture, truth: Picture, *, stretch: bool = True) -> Pair:
        """Put a prediction beside its truth.

        Args:
            prediction: [H, W], uint8, uint16, bool, or floating point in 0..1; brought to 256 levels as saving it would.
            truth: [H, W], the same kinds; subject where its 8-bit level is above 128.
            stretch: spread the prediction to the full range by its own minimum and maximum, as the common toolboxes do; a flat one stays.
        Raises: BadInput, when a picture is not one plane of such numbers or the sizes differ.
        Source: PySODMetrics 1.6, `validate_and_normalize_input`.
        """
        levels, mask = as_levels(prediction), (as_levels(truth) > 128).view(np.uint8)
        if levels.shape != mask.shape:
            raise BadInput("The prediction is {found} pixels, its truth {expected}.", found=_size(levels), expected=_size(mask))
        low, high = int(levels.min()), int(levels.max())
        if not stretch or low == high:
            low, high = 0, 255
        unit = np.arange(256) / 255
        values = np.clip((unit - unit[low]) / (unit[high] - unit[low]), 0, 1)
        split = _split(mask)
        return cls(levels, mask, (low, high), values, _quadrant_counts(levels, mask, split), split)

    @property
    def histogram(self) -> NDArray[np.int64]:
        """[2, 256]: pixels by background/subject and level."""
        return self.counts.sum(axis=(0, 1))


def as_levels(picture: Picture) -> NDArray[np.uint8]:
    """A picture in 256 levels, as an 8-bit file would hold it; [H, W]. Raises: BadInput, for anything but one plane of 0..1 or integers."""
    if picture.dtype == np.uint8 and picture.ndim == 2 and picture.size:
        return np.ascontiguousarray(picture, np.uint8)
    return np.rint(as_alpha(picture) * 255).astype(np.uint8)


def as_alpha(picture: Picture) -> NDArray[np.float64]:
    """A picture as float64 in 0..1, no precision lost; [H, W]. Raises: BadInput, for anything but one plane of 0..1 or integers."""
    if picture.ndim != 2 or picture.size == 0:
        raise BadInput("A picture to score has the shape {shape}; it must be height×width.", shape="×".join(map(str, picture.shape)))
    if picture.dtype == np.bool_:
        return picture.astype(np.float64)
    if picture.dtype in (np.uint8, np.uint16):
        return picture / np.float64(np.iinfo(picture.dtype).max)
    if not np.issubdtype(picture.dtype, np.floating):
        raise BadInput("A picture to score holds {found}; it must hold uint8, uint16, bool, or numbers in 0 to 1.", found=str(picture.dtype))
    if not (picture.min() >= 0 and picture.max() <= 1):  # false for NaN too
        raise BadInput("A picture to score holds values from {low:g} to {high:g}; they must lie in 0 to 1.",
                       low=float(picture.min()), high=float(picture.max()))  # fmt: skip
    return picture.astype(np.float64)


def _size(picture: NDArray[np.uint8]) -> str:
    return f"{picture.shape[1]}×{picture.shape[0]}"


def _split(mask: NDArray[np.uint8]) -> tuple[int, int]:
    rows = cv2.reduce(mask, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.int64)
    columns = cv2.reduce(mask, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.int64)
    total = int(rows.sum())
    if total == 0:
        return round(len(rows) / 2) + 1, round(len(columns) / 2) + 1
    return round(int(rows @ np.arange(len(rows))) / total) + 1, round(int(columns @ np.arange(len(columns))) / total) + 1


def _quadrant_counts(levels: NDArray[np.uint8], mask: NDArray[np.uint8], split: tuple[int, int]) -> NDArray[np.int64]:
    row, column = split
    columns = (slice(column), slice(column, None))
    return np.stack([_joint_counts(levels[rows, part], mask[rows, part]) for rows in (slice(row), slice(row, None)) for part in columns]).reshape(2, 2, 2, 256)


def _joint_counts(levels: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """[2, 256]: pixels by mask and level."""
    counts = np.zeros((2, 256), np.int64)
    if levels.size:
        strip = max(1, 2**24 // levels.shape[1])  # OpenCV counts in float32, exact up to there
        for top in range(0, len(levels), strip):
            rows = slice(top, top + strip)
            counts += cv2.calcHist([mask[rows], levels[rows]], [0, 1], None, [2, 256], [0, 2, 0, 256]).astype(np.int64)
    return counts
