"""What light and cameras do to a photo, by chance."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.flow import EYE
from .settings import Augmentation

__all__ = ["lit", "spoiled"]

Picture = NDArray[np.uint8]
Photo = NDArray[np.float32]


def lit(photo: Picture, chance: Augmentation, random: np.random.Generator) -> Photo:
    """The photo [H, W, 3], 0..1, in another light: gamma, contrast, brightness, saturation, tint; or without colours."""
    far = chance.light
    values = photo.astype(np.float32) / 255
    if far:
        values = values ** np.float32(np.exp(random.normal(0, 0.25 * far)))
        middle = values.mean()
        values = (values - middle) * np.float32(np.exp(random.normal(0, 0.15 * far))) + middle
        values = values * np.float32(np.exp(random.normal(0, 0.12 * far)))
        gray = (values @ EYE)[:, :, None]
        values = gray + (values - gray) * np.float32(np.exp(random.normal(0, 0.3 * far)))
        values = values * np.exp(random.normal(0, 0.06 * far, 3)).astype(np.float32)
    if random.random() < chance.gray:
        values = np.repeat((values @ EYE)[:, :, None], 3, 2)
    return values.clip(0, 1)


def spoiled(photo: Photo, chance: Augmentation, random: np.random.Generator) -> Photo:
    """The photo [H, W, 3], 0..1, a little out of focus, noisy, saved as JPEG; each by chance."""
    blur, noise, jpeg = random.random(3) < chance.spoil
    if blur:
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), float(random.uniform(0.3, 1.1))), np.float32)
    if noise:
        photo = photo + random.standard_normal(photo.shape, np.float32) * np.float32(random.uniform(0, 0.03))
    if jpeg:
        quality = int(random.integers(45, 96))
        packed = cv2.imencode(".jpg", np.rint(photo[:, :, ::-1].clip(0, 1) * 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
        photo = np.asarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[:, :, ::-1] / 255, np.float32)
    return photo.clip(0, 1)
