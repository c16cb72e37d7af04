"""How well a map finds the subject: the measures of salient object detection that need only counts of levels.

Convention: thresholds run 0..255 in array order (index t: everything at level t and above is called subject); β² = 0.3 in every F but the
weighted one. Figures equal PySODMetrics 1.6 to 1e-6, except where that divides 0 by 0 (see `s_measure`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pair import Pair

__all__ = ["BETA_SQUARED", "adaptive_e", "adaptive_f", "e_curve", "f_curve", "f_measure", "iou", "mae", "mean_iou", "precision_recall", "s_measure"]

BETA_SQUARED = 0.3
EPSILON = np.spacing(1.0)

Curve = NDArray[np.float64]


def mae(pair: Pair) -> float:
    """Mean absolute error between the map and the mask, 0..1. Source: Perazzi et al. 2012."""
    background, subject = pair.histogram
    return float((background @ pair.values + subject @ (1 - pair.values)) / pair.levels.size)


def precision_recall(pair: Pair) -> tuple[Curve, Curve]:
    """Precision and recall at each threshold, [256] each; 0 where nothing is called subject, or there is none."""
    found, wrong = _called_subject(pair)
    return _ratio(found, found + wrong), _ratio(found, np.full(256, pair.histogram[1].sum()))


def f_measure(precision: Curve | float, recall: Curve | float) -> Curve:
    """F with β² = 0.3, of numbers or curves; 0 where both are 0. Source: Achanta et al. 2009."""
    return _ratio((1 + BETA_SQUARED) * precision * recall, BETA_SQUARED * precision + recall)


def f_curve(pair: Pair) -> Curve:
    """F at each threshold, [256]. Its maximum and mean are the picture's max F and mean F."""
    return f_measure(*precision_recall(pair))


def adaptive_f(pair: Pair) -> float:
    """F at the adaptive threshold: twice the map's mean, at most 1."""
    found, wrong = _called_at(pair, _adaptive_threshold(pair))
    if found == 0:
        return 0.0
    return float(f_measure(found / (found + wrong), found / pair.histogram[1].sum()))


def e_curve(pair: Pair) -> Curve:
    """Enhanced-alignment measure at each threshold, [256]. Its maximum and mean are the picture's max E and mean E. Source: Fan et al. 2018."""
    return _alignment(pair, *_called_subject(pair))


def adaptive_e(pair: Pair) -> float:
    """Enhanced-alignment measure at the adaptive threshold."""
    return float(_alignment(pair, *_called_at(pair, _adaptive_threshold(pair))))


def s_measure(pair: Pair) -> float:
    """Structure measure, 0..1: half likeness of subject and background as objects, half of the four regions around the subject's centre.

    A region without pixels (the centre lies in the last row or column) counts nothing; PySODMetrics answers NaN for such a picture.
    Source: Fan et al. 2017.
    """
    background, subject = pair.histogram
    share = subject.sum() / pair.levels.size
    if share in (0, 1):
        mean = float((background + subject) @ pair.values / pair.levels.size)
        return mean if share else 1 - mean
    objects = share * _object_likeness(subject, pair.values) + (1 - share) * _object_likeness(background, 1 - pair.values)
    regions = sum(pair.counts[i, j].sum() / pair.levels.size * _region_likeness(pair, i, j) for i in (0, 1) for j in (0, 1))
    return max(0.0, float(0.5 * objects + 0.5 * regions))


def iou(pair: Pair) -> float:
    """Intersection over union of the subject, the map cut at one half; 0 when neither has one."""
    return _subject_and_background_iou(pair)[0] or 0.0


def mean_iou(pair: Pair) -> float:
    """Mean of the subject's and the background's intersection over union, the map cut at one half; a class that neither has is left out."""
    present = [value for value in _subject_and_background_iou(pair) if value is not None]
    return float(np.mean(present))


def _ratio(part: NDArray[Any] | float, whole: NDArray[Any] | float) -> Curve:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.not_equal(whole, 0))


def _called_subject(pair: Pair) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """At each threshold, [256]: subject pixels called subject, background pixels called subject."""
    levels = (pair.values * 255).astype(np.uint8)  # truncated, not rounded: the toolboxes' thresholds
    wrong, found = (np.bincount(levels, weights=side, minlength=256).astype(np.int64)[::-1].cumsum()[::-1] for side in pair.histogram)
    return found, wrong


def _called_at(pair: Pair, threshold: float) -> tuple[np.int64, np.int64]:
    wrong, found = pair.histogram[:, pair.values >= threshold].sum(axis=1)
    return found, wrong


def _adaptive_threshold(pair: Pair) -> float:
    threshold = 2 * float(pair.histogram.sum(axis=0) @ pair.values) / pair.levels.size
    if np.abs(pair.values - threshold).min() < 1e-9:  # a level lies on the threshold: the toolboxes' own rounding decides
        threshold = 2 * _mean_as_picture(pair, slice(None), slice(None))
    return min(threshold, 1.0)


def _alignment(pair: Pair, found: NDArray[np.int64] | np.int64, wrong: NDArray[np.int64] | np.int64) -> Curve:
    size, subject = pair.levels.size, int(pair.histogram[1].sum())
    called = found + wrong
    if subject == 0:
        return (size - called) / (size - 1 + EPSILON)
    if subject == size:
        return called / (size - 1 + EPSILON)
    share, expected = called / size, subject / size
    total = np.zeros(np.shape(called))
    for number, a, b in (
        (found, 1 - share, 1 - expected),
        (wrong, 1 - share, -expected),
        (subject - found, -share, 1 - expected),
        (size - called - (subject - found), -share, -expected),
    ):
        total = total + number * (2 * a * b / (a**2 + b**2 + EPSILON) + 1) ** 2 / 4
    return total / (size - 1 + EPSILON)


def _object_likeness(counts: NDArray[np.int64], values: Curve) -> float:
    number = int(counts.sum())
    mean = float(counts @ values) / number
    deviation = float(np.sqrt(counts @ (values - mean) ** 2 / (number - 1))) if number > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + deviation + EPSILON)


def _region_likeness(pair: Pair, row: int, column: int) -> float:
    """The structural-similarity score of one quadrant."""
    counts = pair.counts[row, column]
    number = int(counts.sum())
    if number == 0:
        return 0.0
    x, y = float(counts.sum(axis=0) @ pair.values) / number, int(counts[1].sum()) / number
    if np.count_nonzero(counts.sum(axis=0)) == 1:
        # Whether a flat region scores 1 or 0 hangs in PySODMetrics on the rounding of this very mean.
        split = pair.split
        x = _mean_as_picture(pair, slice(split[0], None) if row else slice(split[0]), slice(split[1], None) if column else slice(split[1]))
    dx, dy = pair.values - x, np.array([[-y], [1 - y]])
    freedom = number - 1 + EPSILON
    variances = (float((counts * dx**2).sum()) + float((counts * dy**2).sum())) / freedom
    above = 4 * x * y * float((counts * dx * dy).sum()) / freedom
    below = (x**2 + y**2) * variances
    if above != 0:
        return above / (below + EPSILON)
    return 1.0 if below == 0 else 0.0


def _mean_as_picture(pair: Pair, rows: slice, columns: slice) -> float:
    """A mean summed pixel by pixel, so that it rounds as the toolboxes' does."""
    return float(pair.values[pair.levels][rows, columns].mean())


def _subject_and_background_iou(pair: Pair) -> tuple[float | None, float | None]:
    (right, wrong), (missed, found) = (np.array([side[pair.values <= 0.5].sum(), side[pair.values > 0.5].sum()]) for side in pair.histogram)
    unions = (found + wrong + missed, right + wrong + missed)
    return tuple(float(same / union) if union else None for same, union in zip((found, right), unions, strict=True))  # type: ignore[return-value]
