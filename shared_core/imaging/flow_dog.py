"""The classical engine: a picture's edges and darks drawn as ink, with no network. NumPy and OpenCV, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, alike, as_array
from .flow import Flow, Plane, edge_flow, gaussian, luminance, smear
from .ink import DRAWN_AT, without_frame

__all__ = ["flow_dog_ink"]

_WORKED_AT = 1280
"""longer side, in pixels, of what is looked at: strokes grow with the picture, so a larger one would say the same more slowly"""

_LEAST_CONTRAST = 0.35
"""between a picture's darks and lights; one that has less is not stretched to all of it, and an even one stays paper"""

_WHITE, _ABRUPT, _FRINGE = 0.97, 0.6, 3
"""what is brighter may be padding; the share of the fullest row that the rows beside it must be filled by, for it to be a bar; and how many pixels of
the photo a resized or compressed picture mixes with its padding"""


@dataclass(frozen=True, kw_only=True)
class _Stroke:
    """How the engine draws. Lengths in pixels of a drawing of 512. The defaults: searched on ten of the authors' drawings, then chosen by eye near that."""

    line: float = 0.75
    """sigma of the inner Gaussian across the line: how fine the strokes are"""
    along: float = 4.0
    """sigma along the line: how far strokes hold together"""
    flow: float = 2.8
    """sigma of the field of directions"""
    edges: float = 24.0
    """how much more edges count than tone"""
    threshold: float = 0.38
    """brightness, 0..1, from which on there is no ink"""
    steepness: float = 10.0
    """of the step from ink to paper, for each unit of brightness"""
    evened: float = 0.82
    """how much of the tone of the surroundings is taken off, so that dark skin is no ink: 1 leaves only edges"""
    around: float = 80.0
    """sigma of what the surroundings are"""
    solid: float = 3.0
    """nothing is made brighter than this many times what it was, so that black hair stays black"""


def flow_dog_ink(image: Array, photo: Array | None = None) -> Array:
    """Draw each picture by coherent lines, as wide for its size in a large one as in a small one.

    Args:
        image: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        photo: 1 where the picture shows the photo, 0 where it was padded, [B or 1, H, W]. Padding is not drawn, nor its edge.
            By default everywhere but in white bars along the sides, as a crop has them that leaves its photo.
    Returns: ink, float32 0..1, [B, H, W], on the image's device.
    Source: coherent line drawing, Kang, Lee and Chui 2007; XDoG, Winnemöller, Kyprianidis and Olsen 2012.
    """
    how, (height, width) = _Stroke(), image.shape[1:3]
    ink = np.zeros(image.shape[:3], np.float32)
    for index, one in enumerate(as_array(image)):
        gray = luminance(one)
        shown = None if photo is None else as_array(photo[min(index, len(photo) - 1)]) > 0.5
        if (longer := max(gray.shape)) > _WORKED_AT:
            size = max(1, round(width * _WORKED_AT / longer)), max(1, round(height * _WORKED_AT / longer))
            gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
            shown = None if shown is None else cv2.resize(shown.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
        response = _response(gray, _unframed(gray) if shown is None else shown, how)
        if response.shape != (height, width):
            response = np.asarray(cv2.resize(response, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        inked = response < how.threshold
        ink[index][inked] = np.tanh((how.threshold - response[inked]) * how.steepness)
    return alike(ink if photo is None else without_frame(ink, as_array(photo), 0), image)


def _response(gray: Plane, shown: NDArray[np.bool_] | None, how: _Stroke) -> Plane:
    """Brightness with edges exaggerated, about 0..1: ink is where it stays below the threshold."""
    pixel = max(gray.shape) / DRAWN_AT
    if shown is not None and not shown.all():
        if not shown.any():
            return np.ones_like(gray)
        gray = _continued(gray, shown)
    toned = _toned(gray, how, pixel)
    flow = edge_flow(gaussian(toned, max(0.5, 0.7 * pixel)), how.flow * pixel)
    response = smear(_across(toned, flow, how, pixel), flow, how.along * pixel, max(1.0, pixel))
    if shown is not None:
        response[~shown] = 1
    return response


def _toned(gray: Plane, how: _Stroke, pixel: float) -> Plane:
    """Brightness stretched to 0..1, and freed of most of what the surroundings have."""
    low, high = np.percentile(gray[:: max(1, round(pixel)), :: max(1, round(pixel))], (1, 99))
    full = np.clip(1 - (high - gray) / max(high - low, _LEAST_CONTRAST), 0, 1)
    block = max(1.0, 4 * pixel)
    size = max(1, round(full.shape[1] / block)), max(1, round(full.shape[0] / block))
    small = np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA), np.float32)
    around = cv2.resize(gaussian(small, how.around * pixel / block), full.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.minimum(full + how.evened * (full.mean() - around), how.solid * full), np.float32)


def _across(gray: Plane, flow: Flow, how: _Stroke, pixel: float) -> Plane:
    """(1 + p) G(sigma) - p G(1.6 sigma) along the line that crosses the edge at each pixel."""
    height, width = gray.shape
    sigma = how.line * pixel
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    step = max(1.0, sigma / 1.5)
    places = step * np.arange(-int(np.ceil(4 * sigma / step)), int(np.ceil(4 * sigma / step)) + 1)
    narrow, wide = (np.exp(-((places / width_of) ** 2) / 2) for width_of in (sigma, 1.6 * sigma))
    weights = (1 + how.edges) * narrow / narrow.sum() - how.edges * wide / wide.sum()
    total = np.zeros_like(gray)
    for place, weight in zip(places.astype(np.float32), weights.astype(np.float32), strict=True):
        total += weight * cv2.remap(gray, columns - place * flow.y, rows + place * flow.x, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return total


def _unframed(gray: Plane) -> NDArray[np.bool_]:
    """Where the photo is in a picture that may have white bars along its sides: what ends at once, not where something white fades."""
    shown = np.ones(gray.shape, bool)
    for axis in (0, 1):
        filled = (gray < _WHITE).mean(1 - axis)
        photo = np.flatnonzero(filled > 0.01)
        if not len(photo):
            return shown
        first, last = int(photo[0]), int(photo[-1]) + 1
        for bar, edge in ((slice(0, first + _FRINGE), photo[:_FRINGE]), (slice(last - _FRINGE, None), photo[-_FRINGE:])):
            if (first if bar.start == 0 else len(filled) - last) and filled[edge].max() > _ABRUPT * filled.max():
                shown[(slice(None),) * axis + (bar,)] = False
    return shown


def _continued(gray: Plane, shown: NDArray[np.bool_]) -> Plane:
    """The photo's nearest pixel where it was padded, so that there is no edge."""
    _, labels = cv2.distanceTransformWithLabels(1 - shown.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.asarray(labels, np.int64)
    of_label = np.zeros(int(nearest.max()) + 1, np.float32)
    of_label[nearest[shown]] = gray[shown]
    return of_label[nearest]
