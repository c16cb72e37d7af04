"""A drawing laid over its photo."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .composite import colour_values, composite
from .cutout import as_floats
from .flow import EYE

__all__ = ["drawing_over_blur", "ink_over"]


def drawing_over_blur(image: Tensor, drawing: Tensor, sigma: float, photo_share: float) -> Tensor:
    """The photo out of focus, mixed with the drawing: share · blur(photo) + (1 - share) · drawing.

    Args:
        image: the photo, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        drawing: uint8 or float32 0..1, [B, h, w, 3 or 4], stretched to the photo; transparency is white paper. Its brightest value becomes 1.
        sigma: of the Gaussian, in pixels; each colour channel is blurred by itself.
        photo_share: 0..1.
    Returns: [B, H, W, 3], of the image's dtype.
    Source: U-2-Net u2net_portrait_composite.py. That enlarges the drawing by quadratic splines; here by Catmull-Rom's cubics, which are as smooth.
    """
    mixed = torch.empty_like(image[..., :3], memory_format=torch.contiguous_format)
    for photo, drawn, made in zip(image, drawing, mixed, strict=True):
        over = _stretched(_on_white(drawn), *photo.shape[:2])
        over = over / max(float(over.max()), 1e-6)
        for channel in range(3):
            plane = np.ascontiguousarray(as_floats(photo[..., channel]).cpu().numpy())
            if sigma > 0.1:  # OpenCV knows no Gaussian much narrower
                plane = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
            plane = photo_share * plane + (1 - photo_share) * over[..., channel]
            made[..., channel] = _stored(torch.from_numpy(np.clip(plane, 0, 1)), image.dtype)
    return mixed


def ink_over(image: Tensor, drawing: Tensor, colour: str) -> Tensor:
    """The sharp photo with the drawing's ink over it, as a transparent layer of that ink lies over it.

    Args:
        image: the photo, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        drawing: uint8 or float32 0..1, [B, h, w, 3 or 4], stretched to the photo; ink is what is not transparent; where all is
            opaque, what is dark.
        colour: of the ink, "#rrggbb".
    Returns: [B, H, W, 3], of the image's dtype; exactly the photo where there is no ink.
    """
    full = _stored(colour_values(colour), image.dtype).to(image.device).expand(*image.shape[:3], 3)
    ink = [torch.from_numpy(_stretched(_coverage(drawn), *image.shape[1:3])) for drawn in drawing]
    return composite(full, torch.stack(ink).to(image.device), image)


def _coverage(drawing: Tensor) -> NDArray[np.float32]:
    """How much ink there is, [h, w, 3 or 4] → float32 0..1, [h, w]. Transparent ink may have any colour."""
    if drawing.shape[-1] == 4 and bool((drawing[..., 3] < (255 if drawing.dtype == torch.uint8 else 1)).any()):
        return as_floats(drawing[..., 3]).cpu().numpy()
    return 1 - _on_white(drawing) @ EYE


def _on_white(drawing: Tensor) -> NDArray[np.float32]:
    """[h, w, 3 or 4] → float32 0..1, [h, w, 3]."""
    colours = as_floats(drawing[..., :3])
    if drawing.shape[-1] == 4:
        colours = 1 - as_floats(drawing[..., 3:]) * (1 - colours)
    return colours.cpu().numpy()


def _stretched(picture: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if picture.shape[:2] == (height, width):
        return picture
    smaller = height * width < picture.shape[0] * picture.shape[1]
    made = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(np.clip(made, 0, 1), np.float32)


def _stored(values: Tensor, dtype: torch.dtype) -> Tensor:
    return values.mul(255).round_().to(dtype) if dtype == torch.uint8 else values
