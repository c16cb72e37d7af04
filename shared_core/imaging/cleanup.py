"""Cleaning an alpha: specks, holes, and the place, hardness and softness of its edge. Lengths are in pixels of the alpha.

Each function takes alphas [B, H, W], 0..1, and returns new ones, float32, of their kind and in their place; the work is done by OpenCV on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, alike, as_array, floats, library

__all__ = ["feather", "fill_holes", "grow", "harden", "keep_largest", "remove_specks"]

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SHARP = 1e-3
"""Pixels; softer than this is not soft, and OpenCV knows no Gaussian so narrow."""
_SOLID, _VISIBLE = 0.5, 0.02
"""A region is what is connected at or above the first; its soft fringe reaches as far as it stays above the second."""


def keep_largest(alpha: Array) -> Array:
    """Only the largest connected region, with its soft fringe; everything else becomes 0. Nothing changes where there is no region."""

    def one(plane: Plane) -> Plane:
        labels, areas = _regions(plane >= _SOLID)
        if len(areas) == 1:
            return plane
        largest = labels == 1 + np.argmax(areas[1:])
        return np.where(_territory(plane, largest, (labels > 0) & ~largest), plane, np.float32(0))

    return _each(alpha, one)


def remove_specks(alpha: Array, minimum_area: float) -> Array:
    """Every connected region of fewer than `minimum_area` pixels becomes 0, with its soft fringe; also a faint one that is nowhere solid."""

    def one(plane: Plane) -> Plane:
        labels, areas = _regions(plane >= _SOLID)
        islands, island_areas = _regions(plane > _VISIBLE)
        faint = np.ones(len(island_areas), bool)
        faint[np.unique(islands[labels > 0])] = False
        small = ((areas < minimum_area)[labels] & (labels > 0)) | ((island_areas < minimum_area) & faint)[islands]
        return np.where(_territory(plane, small, (labels > 0) & ~small), np.float32(0), plane) if small.any() else plane

    return _each(alpha, one)


def fill_holes(alpha: Array, maximum_area: float = float("inf")) -> Array:
    """Holes of at most `maximum_area` pixels become 1, with their soft fringe. What touches the picture's border is no hole."""

    def one(plane: Plane) -> Plane:
        clear = 1 - plane
        labels, areas = _regions(clear > _SOLID)
        is_hole = areas <= maximum_area
        for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            is_hole[border] = False
        is_hole[0] = False
        holes = is_hole[labels]
        return np.where(_territory(clear, holes, (labels > 0) & ~holes), np.float32(1), plane) if holes.any() else plane

    return _each(alpha, one)


def harden(alpha: Array, hardness: float) -> Array:
    """Make soft edges steeper around one half. `hardness`: 0 changes nothing, 1 leaves only 0 and 1."""
    if hardness >= 1:
        return floats(alpha >= 0.5)
    steep = floats(alpha, copy=True)
    steep -= 0.5
    steep /= 1 - hardness
    steep += 0.5
    return library(steep).clip(steep, 0, 1, out=steep)


def grow(alpha: Array, distance: float) -> Array:
    """Move the edge outwards by `distance` pixels, inwards where negative, keeping its softness. Between whole pixels the results are mixed."""
    if distance < 0:
        return 1 - grow(1 - alpha, -distance)
    whole = int(distance)

    def one(plane: Plane) -> Plane:
        grown = _dilated(plane, whole)
        return grown if whole == distance else grown + np.float32(distance - whole) * (_dilated(grown, 1) - grown)

    return _each(alpha, one) if distance else floats(alpha, copy=True)


def feather(alpha: Array, distance: float) -> Array:
    """Soften the edge over `distance` pixels to either side: a Gaussian blur with half of that as its sigma. The border is repeated outwards."""

    sigma = distance / 2
    small = max(1, int((4 * sigma * sigma + 1) ** 0.5 - 1) // 2 * 2 + 1)  # odd sides next to the one of three equal boxes with this variance
    of_small = round((12 * sigma * sigma - 3 * small * small - 12 * small - 9) / (-4 * small - 4))

    def one(plane: Plane) -> Plane:
        if small < 5:
            return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
        for number in range(3):  # three box means are a Gaussian within 1 % and cost the same at every width
            side = small if number < of_small else small + 2
            plane = np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE), np.float32)
        return plane

    if distance <= _SHARP:
        return floats(alpha, copy=True)
    soft = _each(alpha, one)
    return library(soft).clip(soft, 0, 1, out=soft)


def _each(alpha: Array, change: Callable[[Plane], Plane]) -> Array:
    planes = as_array(floats(alpha))
    changed = np.empty(planes.shape, np.float32)
    for plane, made in zip(planes, changed, strict=True):
        made[:] = change(plane)
    return alike(changed, alpha)


def _regions(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Labels of 8-connected regions, 0 = none, and the area of each label."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.array(statistics[:, cv2.CC_STAT_AREA], np.int32)


def _territory(plane: Plane, of: Mask, against: Mask) -> Mask:
    """What belongs to the regions `of`: connected with them by visible pixels, and nearer to them than to the regions `against`."""
    islands, areas = _regions(plane > _VISIBLE)
    reached = np.zeros(len(areas), bool)
    reached[np.unique(islands[of])] = True
    inside = reached[islands] & (islands > 0)
    # the faintest ring of a fringe is in no island
    inside |= cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & (islands == 0)
    return inside & (_distance_to(of) < _distance_to(against)) if against.any() else inside


def _distance_to(mask: Mask) -> Plane:
    return np.asarray(cv2.distanceTransform(1 - mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def _dilated(plane: Plane, radius: int) -> Plane:
    """Maximum over an octagon whose flat sides are `radius` away: a square's part, then a diamond's, step by step."""
    grown = plane
    square = round(radius * 0.4142)
    if square:
        grown = cv2.dilate(grown, np.ones((2 * square + 1, 1), np.uint8))
        grown = cv2.dilate(grown, np.ones((1, 2 * square + 1), np.uint8))
    if radius > square:
        grown = cv2.dilate(grown, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), iterations=radius - square)
    return np.asarray(grown, np.float32)
