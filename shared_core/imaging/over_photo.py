"""A drawing laid over its photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, alike, as_array
from .composite import colour_values
from .cutout import as_floats, without_content
from .flow import seen_gray
from .mixing import mix

__all__ = ["drawing_over_blur", "ink_over"]


def drawing_over_blur(image: Array, drawing: Array, sigma: float, photo_share: float) -> Array:
    """The photo out of focus, mixed with the drawing: share · blur(photo) + (1 - share) · drawing.

    Args:
        image: the photo, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        drawing: uint8 or float32 0..1, [B, h, w, 3 or 4], stretched to the photo; transparency is white paper. Its brightest value becomes 1.
        sigma: of the Gaussian, in pixels; each colour channel is blurred by itself.
        photo_share: 0..1.
    Returns: [B, H, W, 3], of the image's dtype.
    Source: U-2-Net u2net_portrait_composite.py. That enlarges the drawing by quadratic splines; here by Catmull-Rom's cubics, which are as smooth.
    """
    photos = as_array(image)
    mixed = np.empty((*photos.shape[:3], 3), photos.dtype)
    for photo, drawn, made in zip(photos, as_array(drawing), mixed, strict=True):
        over = _stretched(_on_white(drawn), *photo.shape[:2])
        over = over / max(float(over.max()), 1e-6)
        for channel in range(3):
            plane = np.ascontiguousarray(as_floats(photo[..., channel]))
            if sigma > 0.1:  # OpenCV knows no Gaussian much narrower
                plane = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
            plane = photo_share * plane + (1 - photo_share) * over[..., channel]
            made[..., channel] = np.rint(255 * np.clip(plane, 0, 1)) if mixed.dtype == np.uint8 else np.clip(plane, 0, 1)
    return alike(mixed, image)


def ink_over(image: Array, drawing: Array, colour: str) -> Array:
    """The sharp photo with the drawing's ink over it, as a transparent layer of that ink lies over it.

    Args:
        image: the photo, uint8 or float32 0..1, [B, H, W, 3 or 4]; a fourth channel is ignored.
        drawing: uint8 or float32 0..1, [B, h, w, 3 or 4], stretched to the photo; ink is what is not transparent; where all is
            opaque, what is dark.
        colour: of the ink, "#rrggbb".
    Returns: [B, H, W, 3], of the image's dtype; exactly the photo where there is no ink.
    """
    full, laid = alike(colour_values(colour), image), without_content(image, 3)
    for photo, drawn, made in zip(image, as_array(drawing), laid, strict=True):
        mix(photo, full, alike(_stretched(_coverage(drawn), *photo.shape[:2]), image), made)
    return laid


def _coverage(drawing: np.ndarray) -> NDArray[np.float32]:
    """How much ink there is, [h, w, 3 or 4] → float32 0..1, [h, w]. Transparent ink may have any colour."""
    if drawing.shape[-1] == 4 and (drawing[..., 3] < (255 if drawing.dtype == np.uint8 else 1)).any():
        return as_floats(drawing[..., 3])
    return 1 - seen_gray(_on_white(drawing))


def _on_white(drawing: np.ndarray) -> NDArray[np.float32]:
    """[h, w, 3 or 4] → float32 0..1, [h, w, 3]."""
    colours = as_floats(drawing[..., :3])
    if drawing.shape[-1] == 4:
        colours = 1 - as_floats(drawing[..., 3:]) * (1 - colours)
    return colours


def _stretched(picture: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if picture.shape[:2] == (height, width):
        return picture
    smaller = height * width < picture.shape[0] * picture.shape[1]
    made = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(np.clip(made, 0, 1), np.float32)
