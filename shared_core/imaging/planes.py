"""Colour planes, and means over windows and blocks of them.

Convention: a picture `subsample` times smaller is made of means over blocks of subsample² pixels, counted from the top left; the
last block of a row or column may be smaller. So what a small pixel holds never depends on how the picture is cut into tiles.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from ..arrays import Array, alike, as_array, floats, is_on_cpu

__all__ = [
    "box_mean",
    "box_mean_in_double",
    "colour_levels",
    "colour_planes",
    "enlarge_blocks",
    "shrink_blocks",
    "shrink_levels",
    "shrink_plane",
    "window_extremes",
]


def box_mean(planes: Array, radius: int) -> Array:
    """Mean over (2·radius + 1)² windows, cut off at the border and divided by what is left. [..., H, W] → [..., H, W]."""
    if is_on_cpu(planes):  # four times as fast
        return alike(_box_mean_by_opencv(as_array(planes), radius), planes)
    import torch

    for axis in (-2, -1):
        length = planes.shape[axis]
        total = planes.cumsum(axis)
        mean = torch.empty_like(total)
        inner = max(length - radius, 0)  # places whose window ends inside
        mean.narrow(axis, 0, inner).copy_(total.narrow(axis, length - inner, inner))
        mean.narrow(axis, inner, length - inner).copy_(total.narrow(axis, length - 1, 1))
        if (later := length - radius - 1) > 0:  # places whose window begins inside
            mean.narrow(axis, radius + 1, later).sub_(total.narrow(axis, 0, later))
        count = _counted(planes, radius, axis)
        planes = mean.div_(count[:, None] if axis == -2 else count)
    return planes


def box_mean_in_double(planes: Array, radius: int) -> Array:
    """`box_mean` of float32 in float64, for differences of means that nearly cancel (float32 on devices without it)."""
    if is_on_cpu(planes):
        return alike(_box_mean_by_opencv(as_array(planes), radius, np.float64), planes)
    return box_mean(planes if planes.device.type == "mps" else planes.double(), radius)


def _counted(planes: Array, radius: int, axis: int) -> Array:
    """How many places of an axis lie in each window."""
    import torch

    length = planes.shape[axis]
    place = torch.arange(length, device=planes.device)
    return ((place + radius + 1).clamp_(max=length) - (place - radius).clamp_(min=0)).to(planes.dtype)


def _box_mean_by_opencv(planes: np.ndarray, radius: int, kind: type | None = None) -> np.ndarray:
    source = np.ascontiguousarray(planes).reshape(-1, *planes.shape[-2:])
    means = np.empty(source.shape, kind or source.dtype)
    depth = cv2.CV_32F if means.itemsize == 4 else cv2.CV_64F
    side = 2 * radius + 1
    for one, made in zip(source, means, strict=True):
        cv2.boxFilter(one, depth, (side, side), dst=made, borderType=cv2.BORDER_CONSTANT)  # divides by side² also where less is left
    for axis, length in enumerate(source.shape[1:], 1):
        for start, stop in ((0, min(radius, length)), (max(radius, length - radius), length)):
            edge = (slice(None),) * axis + (slice(start, stop),)
            means[edge] *= _left_out(length, radius)[start:stop].reshape(-1, *(1,) * (2 - axis))
    return means.reshape(planes.shape)


@lru_cache(maxsize=64)
def _left_out(length: int, radius: int) -> np.ndarray:
    """By how much a sum over whole windows is too small a mean where windows are cut off."""
    place = np.arange(length)
    return (2 * radius + 1) / (np.minimum(place + radius + 1, length) - np.maximum(place - radius, 0))


def window_extremes(plane: Array, radius: int) -> Array:
    """Lowest and highest value of (2·radius + 1)² windows, cut off at the border. float32 [H, W] → [2, H, W]."""
    side = 2 * radius + 1
    if is_on_cpu(plane):  # ten times as fast
        source, window = np.ascontiguousarray(as_array(plane)), np.ones((side, side), np.uint8)
        return alike(np.stack((cv2.erode(source, window), cv2.dilate(source, window))), plane)
    import torch
    import torch.nn.functional as F

    highest = F.max_pool2d(torch.stack((-plane, plane)), (side, 1), 1, (radius, 0))
    lowest, highest = F.max_pool2d(highest, (1, side), 1, (0, radius))
    return torch.stack((-lowest, highest))


def shrink_blocks(planes: Array, subsample: int) -> Array:
    """Means over blocks of subsample² pixels. [C, H, W] → [C, ⌈H / subsample⌉, ⌈W / subsample⌉]."""
    if subsample == 1:
        return planes
    if is_on_cpu(planes):
        return alike(np.stack([_means_of_blocks(one, subsample) for one in as_array(planes)]), planes)
    import torch.nn.functional as F

    return F.avg_pool2d(planes, subsample, ceil_mode=True, count_include_pad=False)


def enlarge_blocks(planes: Array, subsample: int, height: int, width: int) -> Array:
    """Bilinear enlargement by `subsample`, cut to height×width: the way back from `shrink_blocks`."""
    if subsample == 1:
        return planes
    size = (subsample * planes.shape[1], subsample * planes.shape[2])
    if is_on_cpu(planes):  # six times as fast
        enlarged = np.empty((len(planes), *size), np.float32)
        for small, large in zip(np.ascontiguousarray(as_array(planes)), enlarged, strict=True):
            cv2.resize(small, size[::-1], dst=large, interpolation=cv2.INTER_LINEAR)
        return alike(enlarged, planes)[:, :height, :width]
    import torch.nn.functional as F

    return F.interpolate(planes[None], size=size, mode="bilinear", align_corners=False)[0, :, :height, :width]


def colour_planes(image: Array) -> Array:
    """[H, W, 3 or 4], uint8 or float → RGB [3, H, W], float32 0..1."""
    levels = colour_levels(image)
    if image.dtype != levels.dtype:
        levels /= 255
    return levels


def colour_levels(image: Array) -> Array:
    """[H, W, 3 or 4] → RGB [3, H, W], float32 in the picture's own levels: 0..255 of uint8, 0..1 of float."""
    if not is_on_cpu(image):
        return image[..., :3].permute(2, 0, 1).contiguous().float()
    pixels = np.ascontiguousarray(as_array(image))  # twice as fast
    planes = np.empty((3, *pixels.shape[:2]), pixels.dtype)
    cv2.mixChannels([pixels], [planes[0], planes[1], planes[2]], [0, 0, 1, 1, 2, 2])
    return floats(alike(planes, image))


def shrink_levels(image: Array, subsample: int) -> Array:
    """`shrink_blocks` of `colour_levels`, [H, W, 3 or 4] → [3, ⌈H / subsample⌉, ⌈W / subsample⌉]; blocks beyond the border see it repeated."""
    if subsample > 1 and is_on_cpu(image):  # five times as fast
        return colour_levels(alike(_shrunken(as_array(floats(image)), subsample), image))
    return shrink_blocks(colour_levels(image), subsample)


def shrink_plane(plane: Array, subsample: int) -> Array:
    """As `shrink_levels` one plane of float32. [H, W] → [⌈H / subsample⌉, ⌈W / subsample⌉]."""
    if subsample > 1 and is_on_cpu(plane):
        return alike(_shrunken(as_array(plane), subsample), plane)
    return shrink_blocks(plane[None], subsample)[0]


def _means_of_blocks(plane: np.ndarray, subsample: int) -> np.ndarray:
    """Of blocks cut off at the border the means of what is there."""
    below, right = (-side % subsample for side in plane.shape)
    means = _shrunken(plane, subsample, cv2.BORDER_CONSTANT)
    if below:
        means[-1] *= subsample / (subsample - below)
    if right:
        means[:, -1] *= subsample / (subsample - right)
    return means


def _shrunken(picture: np.ndarray, subsample: int, border: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    pixels = np.ascontiguousarray(picture)
    below, right = (-side % subsample for side in pixels.shape[:2])
    if below or right:
        pixels = cv2.copyMakeBorder(pixels, 0, below, 0, right, border)
    height, width = (side // subsample for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
