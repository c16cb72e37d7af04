"""The classical engine: a picture's edges and darks drawn as ink, with no network. NumPy and OpenCV, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .composite import as_floats
from .flow import Flow, Plane, edge_flow, gaussian, smear
from .ink import DRAWN_AT, without_frame

__all__ = ["Stroke", "flow_dog_ink"]


@dataclass(frozen=True, kw_only=True)
class Stroke:
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


def flow_dog_ink(image: Tensor, photo: Tensor | None = None, stroke: Stroke | None = None) -> Tensor:
    """Draw each picture, at its own size, by coherent lines.

    Args:
        image: uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        photo: 1 where the picture shows the photo, 0 where it was padded, [B or 1, H, W]; default: everywhere. Padding is not drawn, nor its edge.
        stroke: how to draw.
    Returns: ink, float32 0..1, [B, H, W], on the image's device.
    Source: coherent line drawing, Kang, Lee and Chui 2007; XDoG, Winnemöller, Kyprianidis and Olsen 2012.
    """
    how, drawn = stroke or Stroke(), list[Tensor]()
    for index, one in enumerate(image):
        colours = as_floats(one[..., :3]).cpu().numpy()
        shown = None if photo is None else photo[min(index, len(photo) - 1)].cpu().numpy() > 0.5
        drawn.append(torch.from_numpy(_drawn(colours, shown, how)))
    ink = torch.stack(drawn).to(image.device)
    return ink if photo is None else without_frame(ink, photo, 0)


def _drawn(colours: NDArray[np.float32], shown: NDArray[np.bool_] | None, how: Stroke) -> Plane:
    pixel = max(colours.shape[:2]) / DRAWN_AT
    if shown is not None and not shown.all():
        if not shown.any():
            return np.zeros(colours.shape[:2], np.float32)
        colours = _continued(colours, shown)
    gray = _toned(np.ascontiguousarray(colours @ np.array([0.299, 0.587, 0.114], np.float32)), how, pixel)
    flow = edge_flow(gaussian(gray, max(0.5, 0.7 * pixel)), how.flow * pixel)
    response = smear(_across(gray, flow, how, pixel), flow, how.along * pixel, max(1.0, pixel))
    ink = -np.tanh(np.minimum(how.steepness * (response - how.threshold), 0))
    return np.asarray(ink, np.float32)


def _toned(gray: Plane, how: Stroke, pixel: float) -> Plane:
    """Brightness stretched to 0..1, and freed of most of what the surroundings have."""
    low, high = np.percentile(gray[:: max(1, round(pixel)), :: max(1, round(pixel))], (1, 99))
    full = np.clip((gray - low) / max(high - low, 0.1), 0, 1)
    small = cv2.resize(full, None, fx=1 / max(1, 4 * pixel), fy=1 / max(1, 4 * pixel), interpolation=cv2.INTER_AREA)
    around = cv2.resize(gaussian(small, how.around / 4), full.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.minimum(full + how.evened * (full.mean() - around), how.solid * full), np.float32)


def _across(gray: Plane, flow: Flow, how: Stroke, pixel: float) -> Plane:
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


def _continued(colours: NDArray[np.float32], shown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The photo's nearest colours where it was padded, so that it has no edge there."""
    _, labels = cv2.distanceTransformWithLabels(1 - shown.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(labels.max()) + 1, np.int64)
    nearest = np.asarray(labels, np.int64)
    of_label[nearest[shown]] = np.flatnonzero(shown)
    return colours.reshape(-1, 3)[of_label[nearest]]
