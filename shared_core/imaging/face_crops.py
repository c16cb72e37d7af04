"""The square around a head that a portrait network is given, cut from a photo, and what was made of it put back.

The rule is that of U-2-Net's u2net_portrait_demo.py, truncations included, where box and head are upright and the box is in whole pixels; the same
margins, not truncated, where they are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from ..arrays import Array, alike, as_array, copied, floats, library
from .faces import Face

__all__ = ["Patch", "Place", "cut", "paste", "place_of", "put_back", "shown_part"]

BESIDE, ABOVE, BELOW = 0.4, 0.6, 0.2
"""margins around the box, in widths and heights"""
NEARLY = 1 / 64
"""pixels; rows of faces are float32"""
FINEST = 3
"""samples per output pixel in each direction, at most; what shrinks more is shrunk by blocks first"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a square crop lies in a photo: a rectangle in the head's frame, turned by `roll` about a point. Pixels, from the photo's top left corner."""

    left: float
    top: float
    width: float
    height: float
    blank_x: float = 0.0
    """of the width, to either side, white whatever the photo shows there: what makes a tall box's crop square"""
    blank_y: float = 0.0
    """of the height, above and below"""
    about: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0

    @property
    def in_whole_pixels(self) -> bool:
        """Whether it is a slice of the photo."""
        return self.roll == 0 and all(value == round(value) for value in (self.left, self.top, self.width, self.height, self.blank_x, self.blank_y))

    @property
    def side(self) -> float:
        """The longer side, px: the crop's size at the photo's own resolution."""
        return max(self.width, self.height)

    def corners(self) -> list[tuple[float, float]]:
        """The part that shows the photo, in the photo."""
        left, right = self.left + self.blank_x, self.left + self.width - self.blank_x
        top, bottom = self.top + self.blank_y, self.top + self.height - self.blank_y
        return [self.in_photo(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]

    def in_photo(self, x: float, y: float) -> tuple[float, float]:
        """A point of the head's frame, in the photo."""
        cosine, sine = math.cos(math.radians(self.roll)), math.sin(math.radians(self.roll))
        x, y = x - self.about[0], y - self.about[1]
        return self.about[0] + x * cosine + y * sine, self.about[1] - x * sine + y * cosine


class Patch(NamedTuple):
    """What goes back into a photo: `photo[rows, columns]` becomes `values` as far as `cover` says."""

    rows: slice
    columns: slice
    values: Array
    """[h, w] or [h, w, C], of the type that was given"""
    cover: Array
    """[h, w], float32, 1 = the patch alone, 0 = the photo alone"""
    depth: Array
    """[h, w], float32, 0 at the crop's edge, 1 in its middle: of overlapping patches, the deeper one shows"""


def place_of(face: Face) -> Place:
    """The crop of a face: 0.4 widths to either side, 0.6 heights above, 0.2 below, made square by blank strips.

    An upright box in whole pixels has its margins truncated to whole pixels, and strips only where the sides differ by more than 2 pixels.
    Source: U-2-Net u2net_portrait_demo.py, crop_face.
    """
    upright = face.roll == 0 and all(value == round(value) for value in (face.left, face.top, face.width, face.height))
    beside, above, below = BESIDE * face.width, ABOVE * face.height, BELOW * face.height
    if upright:
        beside, above, below = int(beside), int(above), int(below)
    width, height = face.width + 2 * beside, face.height + above + below
    more = height - width
    blank = abs(more) / 2
    if upright:
        blank = int(blank) if abs(more) > 2 else 0
    blank_x, blank_y = (blank, 0.0) if more > 0 else (0.0, blank)
    place = Place(
        left=face.left - beside - blank_x, top=face.top - above - blank_y, width=width + 2 * blank_x, height=height + 2 * blank_y,
        blank_x=blank_x, blank_y=blank_y, about=face.centre, roll=face.roll,
    )  # fmt: skip
    return place if upright or face.roll else _snapped(place)


def _snapped(place: Place) -> Place:
    """In whole pixels where it nearly is: what float32 rows say of whole pixels."""
    names = ("left", "top", "width", "height", "blank_x", "blank_y")
    rounded = {name: float(round(getattr(place, name))) for name in names}
    return replace(place, **rounded) if all(abs(rounded[name] - getattr(place, name)) < NEARLY for name in names) else place


def cut(image: Array, place: Place, size: int) -> Array:
    """The crop at `place`, upright, resampled once: each pixel the mean of what it covers where that is more than one, else Lanczos.

    Args:
        image: [H, W, C], uint8 or float32 0..1.
        place: as `place_of` makes it; what lies outside the photo is white.
        size: of the result, px, ≥ 1.
    Returns: [size, size, C], of the image's type and on its device.
    """
    pixels = as_array(image)
    return alike(_slice(pixels, place, size) if place.in_whole_pixels else _turned(pixels, place, size), image)


def _white(pixels: np.ndarray) -> float:
    return 255.0 if pixels.dtype == np.uint8 else 1.0


def _framed(pixels: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """A rectangle of a picture, white where it leaves it."""
    rows, columns = slice(max(0, top), max(0, top + height)), slice(max(0, left), max(0, left + width))
    inside = pixels[rows, columns]
    if inside.shape[:2] == (height, width):
        return np.ascontiguousarray(inside)
    framed = np.full((height, width, pixels.shape[2]), _white(pixels), pixels.dtype)
    framed[max(0, -top) : max(0, -top) + inside.shape[0], max(0, -left) : max(0, -left) + inside.shape[1]] = inside
    return framed


def _slice(pixels: np.ndarray, place: Place, size: int) -> np.ndarray:
    left, top, width, height, blank_x, blank_y = (int(value) for value in (place.left, place.top, place.width, place.height, place.blank_x, place.blank_y))
    crop = _framed(pixels, left, top, width, height)
    if blank_x or blank_y:
        shown = crop[blank_y : height - blank_y, blank_x : width - blank_x].copy()
        crop = np.full_like(crop, _white(pixels))
        crop[blank_y : height - blank_y, blank_x : width - blank_x] = shown
    return _resized(crop, size, size)


def _resized(pixels: np.ndarray, width: int, height: int, enlarging: int = cv2.INTER_LANCZOS4) -> np.ndarray:
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = width <= pixels.shape[1] and height <= pixels.shape[0]
    made = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else enlarging)
    return _in_range(made).reshape(height, width, *pixels.shape[2:])


def _in_range(pixels: np.ndarray) -> np.ndarray:
    """Lanczos and cubic filters overshoot; OpenCV keeps bytes in range by itself."""
    return pixels if pixels.dtype == np.uint8 else np.clip(pixels, 0.0, 1.0, out=pixels)


def _turned(pixels: np.ndarray, place: Place, size: int) -> np.ndarray:
    steps = place.width / size, place.height / size
    x, y = zip(*place.corners(), strict=True)
    left, top, right, bottom = math.floor(min(x)) - 4, math.floor(min(y)) - 4, math.ceil(max(x)) + 4, math.ceil(max(y)) + 4
    left, top = max(left, -4), max(top, -4)  # farther out all is white, which the warp knows
    right, bottom = min(right, pixels.shape[1] + 4), min(bottom, pixels.shape[0] + 4)
    white = (_white(pixels),) * 4
    if right <= left or bottom <= top:
        return np.full((size, size, pixels.shape[2]), white[0], pixels.dtype)
    block = max(1, int(max(steps) / (FINEST - 1)))
    width, height = -(-(right - left) // block), -(-(bottom - top) // block)
    source = _resized(_framed(pixels, left, top, width * block, height * block), width, height)
    fine = max(1, math.ceil(max(steps) / block - 0.01))
    matrix = _to_photo(place, size * fine)
    matrix[:, 2] += 0.5 - np.array((left, top))
    matrix /= block
    matrix[:, 2] -= 0.5
    made = cv2.warpAffine(
        source, matrix, (size * fine, size * fine), borderMode=cv2.BORDER_CONSTANT, borderValue=white,
        flags=cv2.WARP_INVERSE_MAP | (cv2.INTER_LANCZOS4 if fine == 1 else cv2.INTER_LINEAR),
    ).reshape(size * fine, size * fine, -1)  # fmt: skip
    blank_x, blank_y = round(place.blank_x / steps[0] * fine), round(place.blank_y / steps[1] * fine)
    if blank_x or blank_y:
        made[:, :blank_x] = made[:, size * fine - blank_x :] = made[:blank_y] = made[size * fine - blank_y :] = white[0]
    return _resized(_in_range(made), size, size)


def _to_photo(place: Place, size: int) -> np.ndarray:
    """Pixel indices of a crop of size² → pixel indices of the photo, float64 [2, 3]; indices are 0.5 less than the centres."""
    steps = place.width / size, place.height / size
    origin = place.in_photo(place.left + 0.5 * steps[0], place.top + 0.5 * steps[1])
    cosine, sine = math.cos(math.radians(place.roll)), math.sin(math.radians(place.roll))
    return np.array([[cosine * steps[0], sine * steps[1], origin[0] - 0.5], [-sine * steps[0], cosine * steps[1], origin[1] - 0.5]])


def shown_part(place: Place, size: int, height: int, width: int) -> np.ndarray:
    """Where a crop shows the photo and not white beside it: 1 or 0 by pixel centres, float32 [size, size].

    Args:
        place: of the crop.
        size: of the crop, px.
        height: of the photo, px.
        width: of the photo, px.
    """
    (a, b, x0), (c, d, y0) = _to_photo(place, size)
    index = np.arange(size)
    x, y = a * index + b * index[:, None] + x0, c * index + d * index[:, None] + y0
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    blank_x, blank_y = round(place.blank_x / place.width * size), round(place.blank_y / place.height * size)
    inside[:, :blank_x] = inside[:, size - blank_x :] = inside[:blank_y] = inside[size - blank_y :] = False
    return inside.astype(np.float32)


def put_back(patch: Array, place: Place, height: int, width: int, feather: float = 0.0) -> Patch | None:
    """A crop, or what was drawn after it, where it was cut from, resampled once; a cubic filter enlarges. Nothing is changed yet; see `paste`.

    Args:
        patch: [S, S] or [S, S, C], uint8 or float32 0..1, in the crop's frame.
        place: where it was cut from.
        height: of the photo, px.
        width: of the photo, px.
        feather: width of the soft rim, inwards, photo px, ≥ 0. Where the photo ends there is no rim.
    Returns: the patch; None where the place lies outside the photo.
    """
    x, y = zip(*place.corners(), strict=True)
    left, top = max(0, math.floor(min(x) + NEARLY)), max(0, math.floor(min(y) + NEARLY))
    right, bottom = min(width, math.ceil(max(x) - NEARLY)), min(height, math.ceil(max(y) - NEARLY))
    if right <= left or bottom <= top:
        return None
    pixels = as_array(patch)
    if place.in_whole_pixels:
        whole = _resized(np.ascontiguousarray(pixels), int(place.width), int(place.height), cv2.INTER_CUBIC)
        values = whole[top - int(place.top) : bottom - int(place.top), left - int(place.left) : right - int(place.left)]
    else:
        values = _turned_back(pixels, place, (left, top, right, bottom))
    cover, depth = _cover(place, (left, top, right, bottom), feather)
    planes = (alike(np.ascontiguousarray(plane), patch) for plane in (values, cover, depth))
    return Patch(slice(top, bottom), slice(left, right), *planes)


def _turned_back(pixels: np.ndarray, place: Place, window: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = window
    size = pixels.shape[0]
    shrinks = size / min(place.width, place.height)
    fine = max(1, math.ceil(shrinks - 0.01))
    to_patch = cv2.invertAffineTransform(_to_photo(place, size))
    finer = np.array([[1 / fine, 0, left + 0.5 / fine - 0.5], [0, 1 / fine, top + 0.5 / fine - 0.5], [0, 0, 1]])
    shape = ((right - left) * fine, (bottom - top) * fine)
    made = cv2.warpAffine(
        np.ascontiguousarray(pixels), to_patch @ finer, shape, borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if fine == 1 else cv2.INTER_LINEAR),
    ).reshape(shape[1], shape[0], *pixels.shape[2:])  # fmt: skip
    return _resized(_in_range(made), right - left, bottom - top)


def _cover(place: Place, window: tuple[int, int, int, int], feather: float) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel's centre lies within the part that shows the photo: as cover with a rim of feather + 1 px, and as depth."""
    left, top, right, bottom = window
    cosine, sine = math.cos(math.radians(place.roll)), math.sin(math.radians(place.roll))
    x = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - place.about[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - place.about[1])
    half_width, half_height = place.width / 2 - place.blank_x, place.height / 2 - place.blank_y
    middle_x, middle_y = place.left + place.width / 2 - place.about[0], place.top + place.height / 2 - place.about[1]
    across = half_width - np.abs(x * np.float32(cosine) - y * np.float32(sine) - np.float32(middle_x))
    down = half_height - np.abs(x * np.float32(sine) + y * np.float32(cosine) - np.float32(middle_y))
    within = np.minimum(across, down)
    return np.clip((within + np.float32(0.5)) / np.float32(feather + 1), 0, 1), np.clip(within / np.float32(min(half_width, half_height)), 0, 1)


def paste(photo: Array, patches: Iterable[Patch]) -> Array:
    """The photo with patches laid over it. Where some overlap, the one whose middle is nearer shows, with a soft seam.

    Args:
        photo: [H, W] or [H, W, C], uint8 or float32 0..1.
        patches: of the photo's number of channels, or without channels; uint8 or float32 0..1.
    Returns: a new picture of the photo's type; what no patch covers is the photo, bit for bit.
    """
    made, patches, xp = copied(photo), list(patches), library(photo)
    weight = alike(np.zeros(photo.shape[:2], np.float32), photo) if len(patches) > 1 else None
    for rows, columns, values, cover, depth in patches:
        amount = cover
        if weight is not None:
            own = depth.clip(1e-3) ** 4  # steep: two drawings of one cheek should not both show
            amount = cover * own / (own + weight[rows, columns])
            weight[rows, columns] += cover * own
        shown = floats(values) * (_white_of(photo) / _white_of(values))
        if photo.ndim == 3:
            amount, shown = amount[..., None], shown if values.ndim == 3 else shown[..., None]
        blended = made[rows, columns] * (1 - amount) + shown * amount  # not by a difference: at 0 and at 1 this is exact
        made[rows, columns] = xp.round(blended) if photo.dtype == xp.uint8 else blended
    return made


def _white_of(pixels: Array) -> float:
    return 255.0 if pixels.dtype == library(pixels).uint8 else 1.0
