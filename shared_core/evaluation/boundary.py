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
    background, subject = pair.histogram
    size = int(subject.sum())
    if size == 0:
        return 0.0
    missed, false = float(subject @ (1 - pair.values)), float(background @ pair.values)
    mask, error = _planes_that_count(pair)
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    scale = 1 / (pair.span[1] - pair.span[0])
    forgiven = scale * _forgiven(mask, error, distance)
    faded = np.exp2(np.multiply(distance, np.float32(-0.2), out=distance), out=distance)
    false = 2 * false - (scale * _sum(cv2.multiply(error, faded, dst=faded, dtype=cv2.CV_32F)) - missed)  # on the subject nothing fades
    missed -= forgiven
    true = size - missed
    recall, precision = 1 - missed / size, true / (true + max(false, 0.0) + EPSILON)
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


def _sum(plane: NDArray[Any]) -> float:
    return cv2.sumElems(plane)[0]  # of float32, in double precision


def _planes_that_count(pair: Pair) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mask and error, the latter in levels, uint8, cut to where there is subject, error, or a pixel in reach of the subject's window.

    Around them lies a border of STEP pixels without either.
    """
    low, high = pair.span
    error = cv2.absdiff(pair.levels - np.uint8(low), pair.mask * np.uint8(high - low))
    left, top, width, height = cv2.boundingRect(cv2.max(error, pair.mask))
    box = slice(max(0, top - REACH), top + height + REACH), slice(max(0, left - REACH), left + width + REACH)
    mask, error = (cv2.copyMakeBorder(plane[box], STEP, STEP, STEP, STEP, cv2.BORDER_CONSTANT, value=0) for plane in (pair.mask, error))
    return mask, error


def _forgiven(mask: NDArray[Any], error: NDArray[Any], distance: NDArray[Any]) -> float:
    """By how much smoothing lowers the subject's error, summed where it does, in levels."""
    inner = slice(STEP, -STEP), slice(STEP, -STEP)
    reach = np.zeros(mask.shape, np.bool_)  # without the border: the window sees black beyond the frame
    reach[inner] = (cv2.dilate(mask, WINDOW) > mask)[inner]
    band = np.flatnonzero(reach)
    squared = np.rint(distance.ravel()[band] ** 2).astype(np.intp)
    candidates = band[:, None] + (STEPS @ [mask.shape[1], 1])[squared]
    nearest = candidates[np.arange(len(band)), mask.ravel()[candidates].argmax(axis=1)]
    spread = error.copy()
    spread.ravel()[band] = error.ravel()[nearest]
    smoothed = cv2.sepFilter2D(spread, cv2.CV_32F, SMOOTHING, SMOOTHING, borderType=cv2.BORDER_CONSTANT)
    gain = cv2.subtract(error * mask, smoothed, dst=smoothed, dtype=cv2.CV_32F)
    return _sum(np.maximum(gain, 0, out=gain))
