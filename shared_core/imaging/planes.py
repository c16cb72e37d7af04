"""Colour planes, and means over windows and blocks of them.

Convention: a picture `subsample` times smaller is made of means over blocks of subsample² pixels, counted from the top left; the
last block of a row or column may be smaller. So what a small pixel holds never depends on how the picture is cut into tiles.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["box_mean", "colour_planes", "enlarge_blocks", "shrink_blocks"]


def box_mean(planes: Tensor, radius: int) -> Tensor:
    """Mean over (2·radius + 1)² windows, cut off at the border and divided by what is left. [..., H, W] → [..., H, W]."""
    if planes.device.type == "cpu" and planes.dtype in (torch.float32, torch.float64):  # three times as fast
        return _box_sum_by_opencv(planes, radius).div_(_counted(planes, radius, -2)[:, None]).div_(_counted(planes, radius, -1))
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


def _counted(planes: Tensor, radius: int, axis: int) -> Tensor:
    """How many places of an axis lie in each window."""
    length = planes.shape[axis]
    place = torch.arange(length, device=planes.device)
    return ((place + radius + 1).clamp_(max=length) - (place - radius).clamp_(min=0)).to(planes.dtype)


def _box_sum_by_opencv(planes: Tensor, radius: int) -> Tensor:
    source = planes.contiguous().numpy().reshape(-1, *planes.shape[-2:])
    sums = np.empty_like(source)
    for one, made in zip(source, sums, strict=True):
        cv2.boxFilter(one, -1, (2 * radius + 1, 2 * radius + 1), dst=made, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return torch.from_numpy(sums).view(planes.shape)


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
    planes = image[..., :3].permute(2, 0, 1).contiguous()
    return planes.float().div_(255) if planes.dtype == torch.uint8 else planes.float()
