"""A pair → a training sample: moved, framed, set before another background, lit and spoiled by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...models.cards import Preprocess
from ..matting.pairs import PhotoMask
from .light import lit, spoiled
from .pairs import SIZE, read_drawing, read_face
from .settings import Augmentation, Data

__all__ = ["BORDER", "PREPROCESS", "PortraitSamples", "fed", "without_border"]

PREPROCESS = Preprocess(size=SIZE, resize="antialiased", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), divide_by_max=True)
"""how the trained network is fed, for validation and for its card"""
BORDER = 4
"""pixels beside the photo's end without ink in what the network shall draw: what white meets there is no line of the face"""
AROUND = 4
"""pixels around the person whose ink stays when the background goes"""
WHITE = 255

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class PortraitSamples:
    """Training pairs as samples: "image" [3, crop, crop], normalised, and "ink" [1, crop, crop], 0..1."""

    pairs: Sequence[PhotoMask]
    data: Data
    augmentation: Augmentation
    persons: Mapping[str, Picture] = field(default_factory=dict)
    """pair's name → alpha of the person, [512, 512], 0..255"""

    def __len__(self) -> int:
        return len(self.pairs)

    def sample(self, index: int, random: np.random.Generator) -> dict[str, Tensor]:
        """One sample; all chance in it comes from `random`."""
        pair, chance, crop = self.pairs[index], self.augmentation, self.data.crop
        matrix = placed(chance, crop, random)
        frame = framed(chance, random)
        photo, ink, person = (_warped(one, matrix, crop, 0 if one.ndim == 2 else WHITE) for one in self._planes(pair, frame))
        inside = _warped(frame, matrix, crop, 0) > 127
        ink = without_border(np.asarray(ink / 255, np.float32), inside)
        if random.random() < chance.background:
            photo, ink = self._elsewhere(photo, ink, person, inside, random)
        photo = spoiled(lit(photo, chance, random), chance, random)
        # after light and noise: paper beyond the photo is white whatever the photo looks like
        photo = np.where(inside[:, :, None], photo, np.float32(1))
        return {"image": fed(photo), "ink": torch.from_numpy(np.ascontiguousarray(ink[None], np.float32))}

    def _planes(self, pair: PhotoMask, frame: Picture) -> tuple[Picture, Picture, Picture]:
        photo = read_face(pair)
        if not frame.all():
            photo = np.where(frame[:, :, None] > 0, photo, np.uint8(WHITE))
        return photo, read_drawing(pair), self.persons.get(pair.name, np.full((SIZE, SIZE), 255, np.uint8))

    def _elsewhere(self, photo: Picture, ink: Plane, person: Picture, inside: NDArray[np.bool_], random: np.random.Generator) -> tuple[Picture, Plane]:
        """The person before something else, and the drawing without what the old background gave."""
        other = read_face(self.pairs[int(random.integers(len(self.pairs)))])
        alpha = person.astype(np.float32)[:, :, None] / 255
        ground = background(photo.shape[0], other, random)
        near = cv2.dilate(person, np.ones((2 * AROUND + 1,) * 2, np.uint8)).astype(np.float32) / 255
        mixed = np.where(inside[:, :, None], photo * alpha + ground * (1 - alpha), np.float32(WHITE))
        return np.rint(mixed).astype(np.uint8), ink * np.minimum(1, 2 * near)


def placed(chance: Augmentation, crop: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Where the sample lies in the 512×512 picture, [2, 3], from picture to sample: zoom, stretch, turn, flip, place; up to an eighth of it outside."""
    zoom = np.exp(random.uniform(-1, 1) * np.log(chance.zoom))
    stretch = 1 + random.uniform(-chance.stretch, chance.stretch)
    angle = np.deg2rad(np.clip(random.normal(0, 1), -2.5, 2.5) * chance.turn)
    flip = -1.0 if random.random() < chance.flip else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([flip * zoom * stretch, zoom / stretch])
    reach = max(0.0, SIZE / 2 - 0.375 * crop / zoom)
    middle = SIZE / 2 - 0.5 + random.uniform(-reach, reach, 2)
    return np.hstack([linear, ((crop - 1) / 2 - linear @ middle)[:, None]])


def framed(chance: Augmentation, random: np.random.Generator) -> Picture:
    """Where the photo is, [512, 512], 255: all of it, or by chance less on one to three sides."""
    frame = np.full((SIZE, SIZE), 255, np.uint8)
    if random.random() < chance.frame:
        for side in random.permutation(4)[: random.integers(1, 4)]:
            depth = int(random.integers(8, SIZE // 4))
            np.rot90(frame, side)[:depth] = 0
    return frame


def background(size: int, other: Picture, random: np.random.Generator) -> Plane:
    """Something to stand before, [size, size, 3], 0..255: one colour, two with a slope between, or another photo out of focus."""
    kind = random.integers(3)
    if kind == 2:
        small = cv2.resize(other, (int(random.integers(3, 24)),) * 2, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 255)
    colours = random.uniform(0, 255, (2, 3)) if random.random() < 0.5 else np.repeat(random.uniform(0, 255, (2, 1)), 3, 1)
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    share = ((x * np.cos(angle) + y * np.sin(angle)) / 2.83 + 0.5) * (kind == 1)
    return (colours[0] + share[:, :, None] * (colours[1] - colours[0])).astype(np.float32)


def without_border(ink: Plane, inside: NDArray[np.bool_]) -> Plane:
    """The ink [H, W] without what lies outside the photo, or within 4 pixels of its end where that can be seen."""
    deep = cv2.erode(inside.astype(np.uint8), np.ones((2 * BORDER + 1,) * 2, np.uint8))
    return ink * deep


def fed(photo: NDArray[np.floating]) -> Tensor:
    """A photo [H, W, 3], 0..1, as the network is fed, [3, H, W]."""
    image = photo / max(float(photo.max()), 1e-6)
    image = (image - np.array(PREPROCESS.mean)) / np.array(PREPROCESS.std)
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32))


def _warped(picture: Picture, matrix: NDArray[np.float64], size: int, outside: int) -> Picture:
    colour = (outside,) * (1 if picture.ndim == 2 else 3)
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=colour), np.uint8)
