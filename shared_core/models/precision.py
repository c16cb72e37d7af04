"""The precision contract: how far a faster way of running a network may stray from float32, and how it is measured.

Measured on the pictures in `pictures/` (320×320, four photos of the public domain), for every weights file once, on the machine it runs on. The project's own
tests measure the same on many more photos; four find what goes wrong with a file or an engine, not how good it is to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, as_array, sigmoid, softmax
from .cards import Card

__all__ = ["LIMITS", "LIMITS_LARGE", "Difference", "differences", "limits", "pictures", "samples", "sensitivity", "stretched"]

Batch = NDArray[np.float32]
"""[1, C, H, W]"""
PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far masks stray from those of float32, or how far they may."""

    mean: float
    """mean absolute difference, 0..1, over all pictures"""
    worst: float
    """the same of the worst picture"""
    flips: float
    """share of the pixels that cross one half, 0..1, over all pictures"""

    def within(self, allowed: Difference) -> bool:
        """Whether all three are at most what is allowed; never where they are not numbers."""
        return self.mean <= allowed.mean and self.worst <= allowed.worst and self.flips <= allowed.flips


LIMITS = Difference(mean=0.001, worst=0.002, flips=0.001)
"""of networks that see a picture at 320×320 or less"""
LIMITS_LARGE = Difference(mean=0.002, worst=0.006, flips=0.002)
"""of the others: their masks hold finer detail, which strays farther"""


def limits(size: int) -> Difference:
    """What is allowed at this input size."""
    return LIMITS if size <= 320 else LIMITS_LARGE


def samples(card: Card) -> list[Batch]:
    """The pictures, preprocessed as the card's default profile says but for the filter, each [1, 3, size, size]."""
    how = card.profile().preprocess
    mean, std = (np.array(one, np.float32)[:, None, None] for one in (how.mean, how.std))
    batches: list[Batch] = []
    for picture in pictures():
        small = _resized(picture, how.size)
        batches.append(((small / small.max() if how.divide_by_max else small) - mean) / std)
    return batches


def stretched(card: Card, logits: Array) -> Batch:
    """The map that is compared, 0..1: class probabilities, or one mask stretched to 0..1, where small errors show most."""
    x = as_array(logits)
    if card.profile().reading.activation == "softmax":
        return softmax(x)
    mask = sigmoid(x)
    low, high = mask.min(), mask.max()
    return (mask - low) / (high - low) if high > low else mask


def sensitivity(card: Card, logits: Array) -> float:
    """How much small errors of one picture's logits would show in what `stretched` makes of them: large where much of the picture is neither kept nor removed.

    Over the photos of a data set it goes with the true error of bf16 masks (rank correlation 0.94), so it tells which pictures should be run again.
    """
    x = as_array(logits)
    if card.profile().reading.activation == "softmax":
        likely = softmax(x)
        return float((likely * (1 - likely)).mean())
    low, high = (float(one) for one in sigmoid(np.array([x.min(), x.max()])))
    doubt = np.exp(-np.abs(x))  # a sigmoid times the rest to one is this, divided twice
    below = 1 + doubt
    doubt /= below
    doubt /= below
    return float(doubt.mean()) / (high - low) if high > low else 0.0


def differences(reference: Sequence[Array], other: Sequence[Array]) -> Difference:
    """Of two lists of maps 0..1, one map a picture."""
    pairs = [(as_array(one), as_array(two)) for one, two in zip(reference, other, strict=True)]
    apart = [float(np.abs(one - two).mean()) for one, two in pairs]
    flips = [float(((one > 0.5) != (two > 0.5)).mean()) for one, two in pairs]
    # max() drops a NaN that is not the first; np.max passes it on, and it is within no limit
    return Difference(mean=float(np.mean(apart)), worst=float(np.max(apart)), flips=float(np.mean(flips)))


@cache
def pictures() -> tuple[Batch, ...]:
    """The photos themselves: float32 0..1, [1, 3, 320, 320] each."""
    from PIL import Image

    found = []
    for file in sorted(PICTURES.glob("*.jpg")):
        with Image.open(file) as image:
            found.append(np.array(image.convert("RGB")).transpose(2, 0, 1)[None].astype(np.float32, order="C") / 255)
    return tuple(found)


def _resized(picture: Batch, size: int) -> Batch:
    """To size×size, bilinear with a filter as wide as the shrinking."""
    from PIL import Image

    if picture.shape[2:] == (size, size):
        return picture
    planes = [Image.fromarray(plane).resize((size, size), Image.Resampling.BILINEAR) for plane in picture[0]]
    return np.stack([np.asarray(plane) for plane in planes])[None].clip(0, 1)
