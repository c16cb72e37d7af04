"""Colour planes, and means over windows and blocks of them.

Convention: a picture `subsample` times smaller is made of means over blocks of subsample² pixels, counted from the top left; the
last block of a row or column may be smaller. So what a small pixel holds never depends on how the picture is cut into tiles.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

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


def box_mean(planes: Tensor, radius: int) -> Tensor:
    """Mean over (2·radius + 1)² windows, cut off at the border and divided by what is left. [..., H, W] → [..., H, W]."""
    if planes.device.type == "cpu" and planes.dtype in (torch.float32, torch.float64):  # four times as fast
        return _box_mean_by_opencv(planes, radius)
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


def box_mean_in_double(planes: Tensor, radius: int) -> Tensor:
    """`box_mean` of float32 in float64, for differences of means that nearly cancel (float32 on devices without it)."""
    if planes.device.type == "cpu":
        return _box_mean_by_opencv(planes, radius, np.float64)
    return box_mean(planes if planes.device.type == "mps" else planes.double(), radius)


def _counted(planes: Tensor, radius: int, axis: int) -> Tensor:
    """How many places of an axis lie in each window."""
    length = planes.shape[axis]
    place = torch.arange(length, device=planes.device)
    return ((place + radius + 1).clamp_(max=length) - (place - radius).clamp_(min=0)).to(planes.dtype)


def _box_mean_by_opencv(planes: Tensor, radius: int, kind: type | None = None) -> Tensor:
    source = planes.contiguous().numpy().reshape(-1, *planes.shape[-2:])
    means = np.empty(source.shape, kind or source.dtype)
    depth = cv2.CV_32F if means.itemsize == 4 else cv2.CV_64F
    side = 2 * radius + 1
    for one, made in zip(source, means, strict=True):
        cv2.boxFilter(one, depth, (side, side), dst=made, borderType=cv2.BORDER_CONSTANT)  # divides by side² also where less is left
    for axis, length in enumerate(source.shape[1:], 1):
        for start, stop in ((0, min(radius, length)), (max(radius, length - radius), length)):
            edge = (slice(None),) * axis + (slice(start, stop),)
            means[edge] *= _left_out(length, radius)[start:stop].reshape(-1, *(1,) * (2 - axis))
    return torch.from_numpy(means).view(planes.shape)


@lru_cache(maxsize=64)
def _left_out(length: int, radius: int) -> np.ndarray:
    """By how much a sum over whole windows is too small a mean where windows are cut off."""
    place = np.arange(length)
    return (2 * radius + 1) / (np.minimum(place + radius + 1, length) - np.maximum(place - radius, 0))


def window_extremes(plane: Tensor, radius: int) -> Tensor:
    """Lowest and highest value of (2·radius + 1)² windows, cut off at the border. float32 [H, W] → [2, H, W]."""
    side = 2 * radius + 1
    if plane.device.type == "cpu":  # ten times as fast
        source, window = plane.contiguous().numpy(), np.ones((side, side), np.uint8)
        return torch.from_numpy(np.stack((cv2.erode(source, window), cv2.dilate(source, window))))
    highest = F.max_pool2d(torch.stack((-plane, plane)), (side, 1), 1, (radius, 0))
    lowest, highest = F.max_pool2d(highest, (1, side), 1, (0, radius))
    return torch.stack((-lowest, highest))


def shrink_blocks(planes: Tensor, subsample: int) -> Tensor:
    """Means over blocks of subsample² pixels. [C, H, W] → [C, ⌈H / subsample⌉, ⌈W / subsample⌉]."""
    return planes if subsample == 1 else F.avg_pool2d(planes, subsample, ceil_mode=True, count_include_pad=False)


def enlarge_blocks(planes: Tensor, subsample: int, height: int, width: int) -> Tensor:
    """Bilinear enlargement by `subsample`, cut to height×width: the way back from `shrink_blocks`."""
    if subsample == 1:
        return planes
    size = (subsample * planes.shape[1], subsample * planes.shape[2])
    if planes.device.type == "cpu" and planes.dtype == torch.float32:  # six times as fast
        enlarged = np.empty((len(planes), *size), np.float32)
        for small, large in zip(planes.contiguous().numpy(), enlarged, strict=True):
            cv2.resize(small, size[::-1], dst=large, interpolation=cv2.INTER_LINEAR)
        return torch.from_numpy(enlarged)[:, :height, :width]
    return F.interpolate(planes[None], size=size, mode="bilinear", align_corners=False)[0, :, :height, :width]


def colour_planes(image: Tensor) -> Tensor:
    """[H, W, 3 or 4], uint8 or float → RGB [3, H, W], float32 0..1."""
    levels = colour_levels(image)
    return levels.div_(255) if image.dtype == torch.uint8 else levels


def colour_levels(image: Tensor) -> Tensor:
    """[H, W, 3 or 4] → RGB [3, H, W], float32 in the picture's own levels: 0..255 of uint8, 0..1 of float."""
    if image.device.type != "cpu":
        return image[..., :3].permute(2, 0, 1).contiguous().float()
    pixels = np.ascontiguousarray(image.numpy())  # twice as fast
    planes = np.empty((3, *pixels.shape[:2]), pixels.dtype)
    cv2.mixChannels([pixels], [planes[0], planes[1], planes[2]], [0, 0, 1, 1, 2, 2])
    return torch.from_numpy(planes).float()


def shrink_levels(image: Tensor, subsample: int) -> Tensor:
    """`shrink_blocks` of `colour_levels`, [H, W, 3 or 4] → [3, ⌈H / subsample⌉, ⌈W / subsample⌉]; blocks beyond the border see it repeated."""
    if subsample > 1 and image.device.type == "cpu":  # five times as fast
        return colour_levels(torch.from_numpy(_shrunken(image.float(), subsample)))
    return shrink_blocks(colour_levels(image), subsample)


def shrink_plane(plane: Tensor, subsample: int) -> Tensor:
    """As `shrink_levels` one plane of float32. [H, W] → [⌈H / subsample⌉, ⌈W / subsample⌉]."""
    if subsample > 1 and plane.device.type == "cpu":
        return torch.from_numpy(_shrunken(plane, subsample))
    return shrink_blocks(plane[None], subsample)[0]


def _shrunken(picture: Tensor, subsample: int) -> np.ndarray:
    pixels = np.ascontiguousarray(picture.numpy())
    height, width = (-(-side // subsample) for side in pixels.shape[:2])
    below, right = height * subsample - pixels.shape[0], width * subsample - pixels.shape[1]
    if below or right:
        pixels = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
