"""From a photo through a network to a coarse alpha, by the numbers on the network's card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, alike, empty, library, sigmoid, softmax
from ..imaging.noise import is_noise
from ..imaging.resize import enlarge_map, shrink, truncated_to_bytes
from ..models.cards import Preprocess, Reading
from ..models.source import Model
from .confidence import overlap

__all__ = ["Estimate", "estimate_alpha", "estimate_classes"]

SURE = 0.5
"""a map whose maximum stays below this holds no subject the network believes in, and is not stretched into one"""
OVERLAP = 0.5
"""of the network's stages; below it they do not mean the same thing. The least of 350 photos with a subject is 0.52"""


@dataclass(frozen=True)
class Estimate:
    """What a network says of pictures [B, H, W, …]."""

    alpha: Array
    """float32 0..1, [B, H, W]"""
    confidence: Array
    """float32 0..1, [B]; 0 where there is no subject"""
    found: Array
    """bool, [B]: whether there is a subject at all"""
    maps: list[Array]
    """logits of the network's stages, the result first, [B, classes, h, w]"""
    reading: Reading

    @property
    def stages(self) -> list[Array]:
        """What each stage says: float32 0..1, [B, h, w], the size of the network's own map."""
        return [_subject(logits, self.reading) for logits in self.maps]


def estimate_alpha(network: Model, image: Array, profile_name: str) -> Estimate:
    """The network's alpha of each picture, enlarged to the picture's size, and how sure of it the network is.

    Where the profile stretches only what is confident, the alpha of a picture without a subject is 0.

    Args:
        network: a model whose card has the profile.
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        profile_name: a profile of the card.
    Raises: BadInput, for a profile the card does not have.
    """
    profile = network.card.profile(profile_name)
    reading = profile.reading
    maps = _maps(network, image, profile.preprocess)
    height, width = image.shape[1:3]
    alpha = enlarge_map(read_map(maps[0], reading), height, width, reading.enlarge, in_bytes=reading.eight_bit)
    xp = library(alpha)
    figure = overlap([_subject(logits[..., ::2, ::2], reading) for logits in maps])  # the stages after the first have no finer detail
    noise = alike(np.array([is_noise(one) for one in image]), alpha)
    found = (xp.amax(_subject(maps[0], reading), (1, 2)) > SURE) & (figure > OVERLAP) & ~noise
    if reading.min_max == "confident":
        alpha[~found] = 0
    return Estimate(alpha, figure * found, found, maps, reading)


def estimate_classes(network: Model, image: Array, profile_name: str) -> Array:
    """The probability of each class of a network that tells classes apart: float32 0..1, [B, classes, H, W], in the card's order.

    Probabilities are enlarged, never class numbers, so that edges between classes are as smooth as any. Arguments as `estimate_alpha`.
    """
    profile = network.card.profile(profile_name)
    probabilities = softmax(_maps(network, image, profile.preprocess, side_outputs=False)[0])
    height, width = image.shape[1:3]
    return library(probabilities).stack([enlarge_map(probabilities[:, one], height, width) for one in range(probabilities.shape[1])], 1)


def network_input(image: Array, preprocess: Preprocess) -> tuple[Array, tuple[int, int, int, int]]:
    """What the network sees, [B, 3, size, size], and where in it the picture lies: top, left, height, width."""
    size = preprocess.size
    height, width = (size, size) if not preprocess.keep_aspect else _fitted(image.shape[1], image.shape[2], size)
    small = shrink(image, height, width, preprocess.resize)
    mean, std = (alike(np.array(values, np.float32)[:, None, None], small) for values in (preprocess.mean, preprocess.std))
    unit = 1.0
    if preprocess.divide_by_max:  # by each picture's own maximum, not 255: the weights were trained so (U-2-Net data_loader.py, ToTensorLab)
        unit = library(small).amax(small, (1, 2, 3), keepdims=True).clip(1e-6)
    top, left = (size - height) // 2, (size - width) // 2
    if (height, width) != (size, size):
        whole = empty((*small.shape[:2], size, size), small)
        whole[:] = 0
        whole[..., top : top + height, left : left + width] = small
        small = whole
    small = small * (1 / (unit * std))
    small -= mean / std
    return small, (top, left, height, width)


def read_map(logits: Array, reading: Reading) -> Array:
    """Logits [B, classes, h, w] → alpha [B, h, w], 0..1, as the card reads it. Of several classes, all but the first (background) are the subject."""
    alpha = _subject(logits, reading)
    xp = library(alpha)
    low, high = xp.amin(alpha, (1, 2), keepdims=True), xp.amax(alpha, (1, 2), keepdims=True)
    # a map without contrast has nothing to stretch: the published programs divide zero by zero there
    full = xp.where(high - low > 1e-6, (alpha - low) / (high - low).clip(1e-6), xp.zeros_like(alpha))
    if reading.min_max == "always":
        alpha = full
    elif reading.min_max == "confident":
        alpha = xp.where(high > SURE, full, alpha)
    return truncated_to_bytes(alpha) if reading.eight_bit else alpha


def _maps(network: Model, image: Array, preprocess: Preprocess, *, side_outputs: bool = True) -> list[Array]:
    """The network's logits for the picture alone, [B, classes, h, w] each, on the image's device."""
    prepared, (top, left, height, width) = network_input(image, preprocess)
    return [one[:, :, top : top + height, left : left + width] for one in network(prepared, side_outputs=side_outputs)]


def _subject(logits: Array, reading: Reading) -> Array:
    """Logits [B, classes, h, w] → probability of subject [B, h, w]."""
    alpha = 1 - softmax(logits)[:, 0] if reading.activation == "softmax" else sigmoid(logits[:, 0])
    return 1 - alpha if reading.invert else alpha


def _fitted(height: int, width: int, size: int) -> tuple[int, int]:
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
