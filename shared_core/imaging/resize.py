"""Pictures made smaller for a network, and its maps made larger for the picture."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from ..arrays import Array, alike, as_array, floats, is_on_cpu, library
from .antialiased import shrink_bytes
from .cutout import as_floats

__all__ = ["enlarge_map", "shrink", "truncated_to_bytes"]


def shrink(image: Array, height: int, width: int, filter_name: str) -> Array:
    """The RGB of a picture at a network's size. Aspect is the caller's business.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        height: target, in pixels.
        width: target, in pixels.
        filter_name: "antialiased", bilinear with a filter as wide as the shrinking; "bilinear", four neighbours however far it shrinks, with black
            beyond the border where it enlarges (scikit-image 0.14, order 1); "lanczos", antialiased with three lobes, on bytes as Pillow does it.
    Returns: float32 0..1, [B, 3, height, width], on the image's device.
    """
    if filter_name == "bilinear":
        return library(image).moveaxis(_between_neighbours(_between_neighbours(image[..., :3], 1, height), 2, width), -1, 1)
    if is_on_cpu(image) or filter_name == "lanczos":
        planes = [plane for one in as_array(image) for plane in cv2.split(_shrunken(one[..., :3], height, width, filter_name))]
        return alike(np.stack(planes).reshape(len(image), 3, height, width) / np.float32(255), image)
    import torch.nn.functional as F

    planes = as_floats(image[..., :3]).mul(255).round_().div_(255).permute(0, 3, 1, 2)
    return F.interpolate(planes, size=(height, width), mode="bilinear", align_corners=False, antialias=True)


def _shrunken(picture: np.ndarray, height: int, width: int, filter_name: str) -> np.ndarray:
    """[H, W, 3] → uint8, [height, width, 3].

    On bytes, seven times faster than on floats; and hosts that hold a photo as floats get the very mask of those that hold bytes:
    where a network doubts, half a level of its input moves its answer by twenty.
    """
    levels = np.ascontiguousarray(_levels(picture))
    return shrink_bytes(levels, height, width) if filter_name == "antialiased" else _by_pillow(levels, height, width, filter_name)


def enlarge_map(alpha: Array, height: int, width: int, filter_name: str = "bilinear", *, in_bytes: bool = False) -> Array:
    """Maps resized to the picture's size; pixel centres at halves, edges repeated.

    Args:
        alpha: [B, h, w], float32 0..1.
        height: target, in pixels.
        width: target, in pixels.
        filter_name: "bilinear", or "lanczos", which always works on bytes.
        in_bytes: resize bytes as Pillow does, which rounds after each direction. Only so the published programs' masks are met within a level.
    Returns: float32 0..1, [B, height, width], on the maps' device.
    """
    if in_bytes or filter_name == "lanczos":
        large = np.stack([_by_pillow(_levels(one), height, width, filter_name) for one in as_array(alpha)])
        return alike(large / np.float32(255), alpha)
    antialias = min(height, width) < max(alpha.shape[1:])  # only for photos smaller than the map: Pillow, whom the authors used, always does it
    if is_on_cpu(alpha):  # four times as fast
        large, resized = np.empty((len(alpha), height, width), np.float32), _by_pillow_floats if antialias else _by_opencv
        for one, made in zip(np.ascontiguousarray(as_array(floats(alpha))), large, strict=True):
            resized(one, made)
            cv2.threshold(made, 1, 0, cv2.THRESH_TRUNC, dst=made)  # shares of 1 may add up to 1.0000001
        return alike(large, alpha)
    import torch.nn.functional as F

    return F.interpolate(alpha[:, None], size=(height, width), mode="bilinear", align_corners=False, antialias=antialias)[:, 0].clamp_(0, 1)


def truncated_to_bytes(alpha: Array) -> Array:
    """0..1 brought to the 256 levels of a byte, cut off as `numpy.astype(uint8)` does, not rounded."""
    return library(alpha).floor(alpha * 255) / 255


def _between_neighbours(picture: Array, axis: int, length: int) -> Array:
    """A picture at another length along an axis: the two neighbours of each new pixel's centre, mixed; beyond the border there is nothing. → float32"""
    there = picture.shape[axis]
    centre = (np.arange(length) + 0.5) * there / length - 0.5
    before = np.floor(centre).astype(np.int64)
    made: Array = 0.0
    for place, share in ((before, 1 - (centre - before)), (before + 1, centre - before)):
        weight = np.where((place >= 0) & (place < there), share, 0).astype(np.float32).reshape(-1, *(1,) * (3 - axis))
        inside = np.clip(place, 0, there - 1)
        made = made + as_floats(picture[:, inside] if axis == 1 else picture[:, :, inside]) * alike(weight, picture)
    return made


def _levels(picture: np.ndarray) -> np.ndarray:
    """0..1 or bytes → bytes."""
    return picture if picture.dtype == np.uint8 else np.rint(picture * np.float32(255)).astype(np.uint8)


def _by_pillow(picture: np.ndarray, height: int, width: int, filter_name: str) -> np.ndarray:
    """[H, W] or [H, W, 3] at another size; of bytes, or [H, W] of floats."""
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling[filter_name.upper()]))


def _by_pillow_floats(plane: np.ndarray, made: np.ndarray) -> None:
    height, width = made.shape
    made[:] = _by_pillow(plane, height, width, "bilinear")


def _by_opencv(plane: np.ndarray, made: np.ndarray) -> None:
    cv2.resize(plane, made.shape[::-1], dst=made, interpolation=cv2.INTER_LINEAR)
