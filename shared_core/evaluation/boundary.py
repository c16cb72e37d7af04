"""How well a map follows the subject's edge: measures that need distances, not only counts."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .pair import Pair
from .saliency import EPSILON, f_measure

__all__ = ["relaxed_boundary_f", "weighted_f"]

REACH = 3  # of the 7×7 window
STEP = 4  # the nearest subject pixel of one in reach lies at most √18 away
MARGIN = REACH + STEP
SMOOTHING = np.exp(-(np.arange(-REACH, REACH + 1.0) ** 2) / (2 * 5**2))
SMOOTHING /= SMOOTHING.sum()
SQUARE = np.ones((3, 3), np.uint8)
WINDOW = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)


def _steps_by_distance() -> NDArray[np.int64]:
    """[19, 8, 2]: the (row, column) steps of each squared length 0..18, first the leftmost, then the topmost; short lists repeat their last."""
    span = range(-STEP, STEP + 1)
    table = np.zeros((19, 8, 2), np.int64)
    for squared in range(19):
        steps = [(row, column) for column in span for row in span if row**2 + column**2 == squared]
        for index in range(8) if steps else ():
            table[squared, index] = steps[min(index, len(steps) - 1)]
    return table


STEPS = _steps_by_distance()
DISC = (np.add.outer(np.arange(-3, 4) ** 2, np.arange(-3, 4) ** 2) <= 9).astype(np.uint8)


def weighted_f(pair: Pair) -> float:
    """Weighted F (β² = 1), 0..1: errors near the subject's edge are forgiven a little, those far out in the background count double.

    0 without a subject. Of several nearest subject pixels the leftmost, then the topmost counts.
    Source: Margolin et al. 2014; equals PySODMetrics 1.6 to 1e-6.
    """
    subject = cv2.countNonZero(pair.mask)
    if subject == 0:
        return 0.0
    predicted = cv2.LUT(pair.levels, pair.values.astype(np.float32))
    background = 1 - pair.mask
    distance = cv2.distanceTransform(background, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    missed = _forgiven_error(pair.mask, cv2.absdiff(predicted, pair.mask.astype(np.float32)), distance)
    false = _masked_sum(predicted * (2 - np.exp2(distance * np.float32(-0.2))), background)
    true = subject - missed
    recall, precision = 1 - missed / subject, true / (true + false + EPSILON)
    return float(2 * recall * precision / (recall + precision + EPSILON))


def relaxed_boundary_f(pair: Pair) -> float:
    """F (β² = 0.3) of the map's boundary against the mask's, 3 pixels of slack, 0..1.

    Our reading of a measure whose published code is not known: the map is cut at one half; a boundary is what a 3×3 erosion takes away, the
    frame of the picture not being one; precision is the share of the map's boundary within a Euclidean distance of 3 pixels of the mask's,
    recall the reverse. Neither has a boundary: 1; only one has: 0. A data set's figure is the mean over pictures.
    Source: Qin et al. 2020, section 4.2.
    """
    found = _boundary(cv2.LUT(pair.levels, (pair.values > 0.5).astype(np.uint8)))
    true = _boundary(pair.mask)
    lengths = np.count_nonzero(found), np.count_nonzero(true)
    if 0 in lengths:
        return float(lengths == (0, 0))
    precision = np.count_nonzero(found & cv2.dilate(true, DISC)) / lengths[0]
    recall = np.count_nonzero(true & cv2.dilate(found, DISC)) / lengths[1]
    return float(f_measure(precision, recall))


def _boundary(mask: NDArray[Any]) -> NDArray[Any]:
    return mask ^ cv2.erode(mask, SQUARE)


def _masked_sum(plane: NDArray[Any], mask: NDArray[Any]) -> float:
    return cv2.mean(plane, mask)[0] * cv2.countNonZero(mask)  # summed in double precision


def _forgiven_error(mask: NDArray[Any], error: NDArray[Any], distance: NDArray[Any]) -> float:
    """Sum over the subject of the error or the smoothed error, whichever is less; only the subject's surroundings are looked at."""
    mask, error, distance = _surroundings(mask, error, distance)
    band = np.flatnonzero(cv2.dilate(mask, WINDOW) > mask)
    band = band[distance.ravel()[band] > 0]  # what the margin adds beyond the frame has no distance, and no error either
    squared = np.rint(distance.ravel()[band] ** 2).astype(np.intp)
    candidates = band[:, None] + (STEPS @ [mask.shape[1], 1])[squared]
    nearest = candidates[np.arange(len(band)), mask.ravel()[candidates].argmax(axis=1)]
    spread = error.copy()
    spread.ravel()[band] = error.ravel()[nearest]
    smoothed = cv2.sepFilter2D(spread, -1, SMOOTHING, SMOOTHING, borderType=cv2.BORDER_CONSTANT)
    return _masked_sum(cv2.min(error, smoothed), mask)


def _surroundings(mask: NDArray[Any], *planes: NDArray[Any]) -> list[NDArray[Any]]:
    """Mask and planes cut to the subject's bounding box and a margin of what lies there, zeros beyond the frame."""
    left, top, width, height = cv2.boundingRect(mask)
    rows, columns = slice(max(0, top - MARGIN), top + height + MARGIN), slice(max(0, left - MARGIN), left + width + MARGIN)
    missing = (max(0, MARGIN - top), max(0, top + height + MARGIN - mask.shape[0]), max(0, MARGIN - left), max(0, left + width + MARGIN - mask.shape[1]))
    return [cv2.copyMakeBorder(plane[rows, columns], *missing, cv2.BORDER_CONSTANT, value=0) for plane in (mask, *planes)]
