"""From a photo through a portrait network to ink, by the numbers on the network's card."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, alike, as_array, empty, library
from ..imaging.flow import Plane, gaussian
from ..imaging.resize import enlarge_map, shrink, truncated_to_bytes
from ..imaging.tiles import Tiling
from ..models.cards import Profile, Reading
from ..models.source import Model
from ..progress import Progress, silent
from .network_alpha import network_input, read_map

__all__ = ["detailed_ink", "estimate_ink"]

LARGEST = 2048
"""longer side, in pixels, of what is drawn in parts; strokes finer than that make a drawing gray"""
WORTH_IT = 1.25
"""how many times larger than the network's size a picture must be for a closer look to show more"""
OVERLAP = 0.25
"""of neighbouring parts, as a share of their side"""
TONE = 6.0
"""sigma, in pixels of the first drawing, of the tone that the closer look keeps"""
LOUDER = 2.0
"""how many times darker the closer look may become for that"""


def estimate_ink(network: Model, image: Array, profile_name: str = "default") -> Array:
    """The network's ink of each picture: squashed to the network's size, drawn, and enlarged to the picture's own.

    A card's reading makes a drawing of what the network says (1 = paper); ink is what lacks in it. A picture in which nothing is drawn stays paper.

    Args:
        network: a model whose card has the profile and the task "portrait".
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        profile_name: a profile of the card.
    Returns: ink, float32 0..1, [B, H, W], on the image's device: 1 = full ink.
    Raises: BadInput, for a profile the card does not have.
    """
    profile = network.card.profile(profile_name)
    inks = [_read(_logits(network, image[one : one + 1], profile), profile.reading) for one in range(len(image))]
    return _enlarged(library(image).concatenate(inks), image.shape[1], image.shape[2], profile.reading)


def detailed_ink(network: Model, image: Array, profile_name: str = "default", progress: Progress = silent) -> Array:
    """`estimate_ink`, and for pictures well above the network's size once more in overlapping parts at up to 2048 pixels.

    The parts give the strokes; how much ink there is around a place stays what the first drawing, which sees the whole face, says.
    Arguments and result as `estimate_ink`; `progress` is told before each part.

    Raises: BadInput, for a profile the card does not have. Cancelled, through `progress`.
    """
    profile = network.card.profile(profile_name)
    first = estimate_ink(network, image, profile_name)
    longer = min(LARGEST, max(image.shape[1:3]))
    if longer < WORTH_IT * profile.preprocess.size:
        return first
    height, width = (max(1, round(side * longer / max(image.shape[1:3]))) for side in image.shape[1:3])
    for number, ink in enumerate(first):
        closer = _in_parts(network, shrink(image[number : number + 1], height, width, "antialiased"), profile, progress)
        guide = _enlarged(ink[None], height, width, profile.reading)[0]
        toned = _toned(as_array(closer), as_array(guide), TONE * longer / profile.preprocess.size)
        ink[:] = _enlarged(alike(toned[None], ink), ink.shape[0], ink.shape[1], profile.reading)[0]
    return first


def _in_parts(network: Model, planes: Array, profile: Profile, progress: Progress) -> Array:
    """[1, 3, h, w] → ink [h, w], drawn part by part at this very size and stretched as a whole."""
    size, (height, width) = profile.preprocess.size, planes.shape[2:]
    if profile.preprocess.divide_by_max:  # by that of the whole: a part full of dark hair is no bright picture
        planes = planes / max(float(planes.max()), 1e-6)
    border = ((0, 0), (0, 0), (0, max(0, size - height)), (0, max(0, size - width)))
    padded = alike(np.pad(as_array(planes), border, "edge"), planes) if min(height, width) < size else planes
    plain = replace(profile, preprocess=replace(profile.preprocess, divide_by_max=False, keep_aspect=False))
    tiling = Tiling(padded.shape[2], padded.shape[3], size, round(OVERLAP * size), planes)
    logits = empty(padded.shape[2:], planes)
    logits[:] = 0
    for number, tile in enumerate(tiling):
        progress(number, len(tiling), "Drawing the details")
        part = library(padded).moveaxis(padded[:, :, tile.rows, tile.columns], 1, -1)
        logits[tile.rows, tile.columns] += tile.window * _logits(network, part, plain)[0, 0]
    return _read(logits[None, None, :height, :width], profile.reading)[0]


def _toned(closer: Plane, first: Plane, sigma: float) -> Plane:
    """`closer` with as much ink around each place as `first` has, and `first` itself where the closer look hardly saw anything."""
    block = max(1.0, sigma / 4)
    size = max(1, round(closer.shape[1] / block)), max(1, round(closer.shape[0] / block))

    def around(plane: Plane) -> Plane:
        return gaussian(np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32), sigma / block)

    def enlarged(plane: NDArray[np.floating]) -> Plane:
        return np.asarray(cv2.resize(plane, closer.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    wanted = around(first)
    toned = np.clip(closer * enlarged(np.clip((wanted + 0.01) / (around(closer) + 0.01), 0, LOUDER)), 0, 1)
    missing = enlarged(np.clip(1 - (around(toned) + 0.01) / (wanted + 0.01), 0, 1))
    return np.asarray(np.clip(toned + missing * first, 0, 1), np.float32)


def _read(logits: Array, reading: Reading) -> Array:
    """[B, 1, h, w] → ink [B, h, w]."""
    ink = read_map(logits, replace(reading, invert=not reading.invert, eight_bit=False))
    return 1 - truncated_to_bytes(1 - ink) if reading.eight_bit else ink  # it is the drawing whose bytes the authors' program cuts off


def _enlarged(ink: Array, height: int, width: int, reading: Reading) -> Array:
    return enlarge_map(ink, height, width, reading.enlarge, in_bytes=reading.eight_bit)


def _logits(network: Model, image: Array, profile: Profile) -> Array:
    """[1, 1, h, w] of one picture [1, H, W, C], without what surrounds it in the network's input."""
    prepared, (top, left, height, width) = network_input(image, profile.preprocess)
    return network(prepared)[0][:, :, top : top + height, left : left + width]
