"""From a photo through a portrait network to ink, by the numbers on the network's card."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

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


def estimate_ink(network: Model, image: Tensor, profile_name: str = "default") -> Tensor:
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
    inks = [_read(_logits(network, one, profile), profile.reading) for one in image.split(1)]
    return _enlarged(torch.cat(inks), image.shape[1], image.shape[2], profile.reading)


def detailed_ink(network: Model, image: Tensor, profile_name: str = "default", progress: Progress = silent) -> Tensor:
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
    for one, ink in zip(image.split(1), first, strict=True):
        closer = _in_parts(network, shrink(one, height, width, "antialiased"), profile, progress)
        guide = _enlarged(ink[None], height, width, profile.reading)[0]
        toned = _toned(closer.cpu().numpy(), guide.cpu().numpy(), TONE * longer / profile.preprocess.size)
        ink.copy_(_enlarged(torch.from_numpy(toned)[None], ink.shape[0], ink.shape[1], profile.reading)[0])
    return first


def _in_parts(network: Model, planes: Tensor, profile: Profile, progress: Progress) -> Tensor:
    """[1, 3, h, w] → ink [h, w], drawn part by part at this very size and stretched as a whole."""
    size, (height, width) = profile.preprocess.size, planes.shape[2:]
    if profile.preprocess.divide_by_max:  # by that of the whole: a part full of dark hair is no bright picture
        planes = planes / planes.amax().clamp_min(1e-6)
    padded = F.pad(planes, (0, max(0, size - width), 0, max(0, size - height)), mode="replicate")
    plain = replace(profile, preprocess=replace(profile.preprocess, divide_by_max=False, keep_aspect=False))
    tiling = Tiling(padded.shape[2], padded.shape[3], size, round(OVERLAP * size), planes.device)
    logits = torch.zeros(padded.shape[2:], device=planes.device)
    for number, tile in enumerate(tiling):
        progress(number, len(tiling), "Drawing the details")
        part = padded[:, :, tile.rows, tile.columns].permute(0, 2, 3, 1)
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


def _read(logits: Tensor, reading: Reading) -> Tensor:
    """[B, 1, h, w] → ink [B, h, w]."""
    ink = read_map(logits, replace(reading, invert=not reading.invert, eight_bit=False))
    return 1 - truncated_to_bytes(1 - ink) if reading.eight_bit else ink  # it is the drawing whose bytes the authors' program cuts off


def _enlarged(ink: Tensor, height: int, width: int, reading: Reading) -> Tensor:
    return enlarge_map(ink, height, width, reading.enlarge, in_bytes=reading.eight_bit).clamp_(0, 1)


def _logits(network: Model, image: Tensor, profile: Profile) -> Tensor:
    """[1, 1, h, w] of one picture [1, H, W, C], without what surrounds it in the network's input."""
    prepared, (top, left, height, width) = network_input(image, profile.preprocess)
    return network(prepared)[0].to(image.device)[:, :, top : top + height, left : left + width]
