"""Pictures resized with Lanczos' filter, in floats: what is sharp stays sharp, and 16 bits stay 16 bits."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

__all__ = ["lanczos"]


def lanczos(image: Tensor, height: int, width: int) -> Tensor:
    """A picture at another size; three lobes, as wide as the shrinking where it shrinks. Each channel for itself, also the alpha.

    Args:
        image: [B, H, W, C], uint8 or float32 0..1.
        height: target, in pixels, ≥ 1.
        width: target, in pixels, ≥ 1.
    Returns: float32 0..1, [B, height, width, C], on the image's device.
    """
    floats = (image.float().div(255) if image.dtype == torch.uint8 else image).cpu()
    resized = np.empty((len(image), height, width, image.shape[3]), np.float32)
    for source, target in zip(floats.numpy(), resized, strict=True):
        for channel in range(image.shape[3]):
            plane = Image.fromarray(np.ascontiguousarray(source[..., channel]))
            target[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS))
    return torch.from_numpy(resized).clamp_(0, 1).to(image.device)
