"""A pair → a training sample: resized, cropped, flipped and jittered, normalised as the network expects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...imaging.resize import shrink
from ...models.cards import Preprocess
from .classes import as_shares
from .pairs import PhotoMask, read_label_map, read_mask, read_photo
from .settings import Augmentation, Data

__all__ = ["MEAN", "STD", "MattingSamples", "jittered", "label", "preprocess", "truth"]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess(data: Data) -> Preprocess:
    """How the trained network is fed, for validation and for its card."""
    return Preprocess(size=data.size, resize=data.resize, mean=MEAN, std=STD, divide_by_max=True)


@dataclass(frozen=True)
class MattingSamples:
    """Training pairs as samples: "image" [3, crop, crop], normalised, and "alpha" [1 or classes, crop, crop], 0..1."""

    pairs: Sequence[PhotoMask]
    data: Data
    augmentation: Augmentation

    def __len__(self) -> int:
        return len(self.pairs)

    def sample(self, index: int, random: np.random.Generator) -> dict[str, Tensor]:
        """One sample: resize, divide by the maximum, crop, flip, brightness, contrast, noise, ImageNet's mean and deviation."""
        pair, data, chance = self.pairs[index], self.data, self.augmentation
        photo = torch.from_numpy(read_photo(pair))[None]
        image = shrink(photo, data.size, data.size, data.resize)[0].numpy()
        image = image / max(float(image.max()), 1e-6)
        alpha = truth(pair, data)
        crop = data.crop
        # the authors' offsets end one short of the last (numpy's randint leaves out the upper bound), which no one can tell from the result
        top, left = (int(random.integers(0, max(1, data.size - crop))) for _ in range(2))
        image, alpha = image[:, top : top + crop, left : left + crop], alpha[:, top : top + crop, left : left + crop]
        for share, axis in ((chance.flip_vertical, -2), (chance.flip_horizontal, -1)):
            if random.random() < share:
                image, alpha = np.flip(image, axis), np.flip(alpha, axis)
        image = jittered(image, chance, random)
        image = (image - np.array(MEAN, np.float32)[:, None, None]) / np.array(STD, np.float32)[:, None, None]
        return {"image": torch.from_numpy(np.ascontiguousarray(image, np.float32)), "alpha": torch.from_numpy(np.ascontiguousarray(alpha))}


def truth(pair: PhotoMask, data: Data) -> NDArray[np.float32]:
    """What the network should answer to a pair, [1 or classes, size, size], 0..1."""
    return as_shares(read_label_map(pair), len(data.classes), data.size) if data.classes else label(read_mask(pair), data)[None]


def label(mask: NDArray[np.float32], data: Data) -> NDArray[np.float32]:
    """What the network should answer, [size, size], 0..1, from a mask 0..1 of any size."""
    if data.invert:
        mask = 1 - mask
    if data.soft_labels:
        return np.asarray(
            cv2.resize(mask, (data.size, data.size), interpolation=cv2.INTER_AREA if max(mask.shape) > data.size else cv2.INTER_LINEAR), np.float32
        )
    picked = cv2.resize(mask, (data.size, data.size), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(picked / max(float(picked.max()), 1e-6), np.float32)


def jittered(image: NDArray[np.floating], chance: Augmentation, random: np.random.Generator) -> NDArray[np.floating]:
    """Brightness, contrast and noise by chance, each only where the recipe asks; [3, H, W], 0..1.

    After the division by the maximum, which would take a change of brightness back.
    """
    if not (chance.brightness or chance.contrast or chance.noise):
        return image
    image = image * np.float32(1 + random.uniform(-chance.brightness, chance.brightness))
    mean = image.mean()
    image = (image - mean) * np.float32(1 + random.uniform(-chance.contrast, chance.contrast)) + mean
    if chance.noise:
        image = image + random.standard_normal(image.shape, np.float32) * np.float32(chance.noise)
    return image.clip(0, 1)
