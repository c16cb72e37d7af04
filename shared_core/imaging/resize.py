"""Pictures made smaller for a network, and its maps made larger for the picture."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

__all__ = ["enlarge_map", "shrink", "truncated_to_bytes"]


def shrink(image: Tensor, height: int, width: int, filter_name: str) -> Tensor:
    """The RGB of a picture at a network's size. Aspect is the caller's business.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        height: target, in pixels.
        width: target, in pixels.
        filter_name: "antialiased", bilinear with a filter as wide as the shrinking; "bilinear", four neighbours however far it shrinks, with black
            beyond the border where it enlarges (scikit-image 0.14, order 1); "lanczos", antialiased with three lobes, on bytes as Pillow does it.
    Returns: float32 0..1, [B, 3, height, width], on the image's device.
    """
    planes = image[..., :3].permute(0, 3, 1, 2)
    if filter_name == "lanczos":
        return torch.stack([_by_pillow(one, height, width, filter_name) for one in image[..., :3]]).to(image.device)
    if filter_name == "bilinear":
        return _sampled(planes.float().div(255) if planes.dtype == torch.uint8 else planes, height, width)
    # On bytes, seven times faster than on floats; and hosts that hold a photo as floats get the very mask of those that hold bytes:
    # where a network doubts, half a level of its input moves its answer by twenty.
    levels = planes if planes.dtype == torch.uint8 else planes.mul(255).round_().byte()
    planes = levels if levels.device.type == "cpu" else levels.float().div_(255)
    small = F.interpolate(planes, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    return small.float().div_(255) if small.dtype == torch.uint8 else small


def enlarge_map(alpha: Tensor, height: int, width: int, filter_name: str = "bilinear", *, in_bytes: bool = False) -> Tensor:
    """Maps resized to the picture's size; pixel centres at halves, edges repeated.

    Args:
        alpha: [B, h, w], float32 0..1.
        height: target, in pixels.
        width: target, in pixels.
        filter_name: "bilinear", or "lanczos", which always works on bytes.
        in_bytes: resize bytes as Pillow does, which rounds after each direction. Only so the published programs' masks are met within a level.
    Returns: float32, [B, height, width], on the maps' device.
    """
    if in_bytes or filter_name == "lanczos":
        return torch.stack([_by_pillow(one[..., None], height, width, filter_name)[0] for one in alpha]).to(alpha.device)
    if alpha.device.type == "cpu" and min(height, width) >= max(alpha.shape[1:]):  # four times as fast
        large = np.empty((len(alpha), height, width), np.float32)
        for one, made in zip(alpha.float().contiguous().numpy(), large, strict=True):
            cv2.resize(one, (width, height), dst=made, interpolation=cv2.INTER_LINEAR)
        return torch.from_numpy(large)
    # antialiasing matters only for photos smaller than the map: Pillow, whom the authors used, always does it
    return F.interpolate(alpha[:, None], size=(height, width), mode="bilinear", align_corners=False, antialias=min(height, width) < max(alpha.shape[1:]))[:, 0]


def truncated_to_bytes(alpha: Tensor) -> Tensor:
    """0..1 brought to the 256 levels of a byte, cut off as `numpy.astype(uint8)` does, not rounded."""
    return alpha.mul(255).floor_().div_(255)


def _sampled(planes: Tensor, height: int, width: int) -> Tensor:
    """Four neighbours at each target pixel's centre, zeros beyond the border."""
    rows = (torch.arange(height, device=planes.device) * 2 + 1) / height - 1
    columns = (torch.arange(width, device=planes.device) * 2 + 1) / width - 1
    grid = torch.stack((columns.expand(height, width), rows[:, None].expand(height, width)), -1)
    return F.grid_sample(planes, grid.expand(len(planes), -1, -1, -1), mode="bilinear", padding_mode="zeros", align_corners=False)


def _by_pillow(picture: Tensor, height: int, width: int, filter_name: str) -> Tensor:
    """[H, W, 1 or 3] → [1 or 3, height, width], float32 0..1, on the CPU."""
    levels = picture if picture.dtype == torch.uint8 else picture.mul(255).round().to(torch.uint8)
    array = levels.cpu().numpy()
    resized = Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).resize((width, height), Image.Resampling[filter_name.upper()])
    return torch.from_numpy(np.asarray(resized, np.float32).reshape(height, width, -1).transpose(2, 0, 1) / 255)
