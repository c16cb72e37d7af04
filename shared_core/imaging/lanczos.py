"""Pictures resized with Lanczos' filter, in floats: what is sharp stays sharp, and 16 bits stay 16 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..arrays import Array, alike, as_array
from .cutout import as_floats

__all__ = ["lanczos"]


def lanczos(image: Array, height: int, width: int) -> Array:
    """A picture at another size; three lobes, as wide as the shrinking where it shrinks. Each channel for itself, also the alpha.

    Args:
        image: [B, H, W, C], uint8 or float32 0..1.
        height: target, in pixels, ≥ 1.
        width: target, in pixels, ≥ 1.
    Returns: float32 0..1, [B, height, width, C], on the image's device.
    """
    resized = np.empty((len(image), height, width, image.shape[3]), np.float32)
    for source, target in zip(as_array(image), resized, strict=True):
        for channel in range(image.shape[3]):
            plane = Image.fromarray(np.ascontiguousarray(as_floats(source[..., channel])))
            target[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS))
    return alike(np.clip(resized, 0, 1, out=resized), image)
