"""The guided filter with a colour guide (He, Sun, Tang: "Guided Image Filtering", IEEE TPAMI 35, 2013) and its fast form."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["coefficients", "enlarged_part", "fast_guided_filter", "guided_filter"]

_TILE = 512
"""Side in pixels of the square whose result is computed at once; what it reads is larger by twice the radius on each side."""


def guided_filter(guide: Tensor, alpha: Tensor, radius: int, eps: float) -> Tensor:
    """Filter `alpha` so that it follows the edges of `guide`: per window the linear model alpha ≈ a·guide + b, averaged over all windows.

    Memory is bounded: the picture is worked in tiles that give the same result as the whole.

    Args:
        guide: sRGB, uint8 or float32 0..1, [B, H, W, 3].
        alpha: 0..1, [B, H, W].
        radius: windows are (2·radius + 1)² pixels, cut off at the border; in pixels, ≥ 1.
        eps: how much colour variance (of values 0..1) counts as an edge; > 0.
    Returns: float32, [B, H, W]; may leave 0..1 a little, as the formula does.
    Source: He et al. 2013, algorithm 1 with equations 19 to 21.
    """
    _, height, width = alpha.shape
    filtered = torch.empty_like(alpha, dtype=torch.float32)
    reach = 2 * radius  # the model of a window, and then the mean over the windows
    for one in range(len(alpha)):
        for y in range(0, height, _TILE):
            for x in range(0, width, _TILE):
                y0, x0, y1, x1 = max(0, y - reach), max(0, x - reach), y + _TILE + reach, x + _TILE + reach
                colour = _planes(guide[one, y0:y1, x0:x1])
                a_and_b = coefficients(colour, alpha[one, y0:y1, x0:x1], radius, eps)
                value = (a_and_b[:3] * colour).sum(0) + a_and_b[3]
                filtered[one, y : y + _TILE, x : x + _TILE] = value[y - y0 : y - y0 + _TILE, x - x0 : x - x0 + _TILE]
    return filtered


def fast_guided_filter(guide: Tensor, alpha: Tensor, radius: int, eps: float, subsample: int) -> Tensor:
    """The guided filter with its linear models computed on a picture `subsample` times smaller: the cost falls with its square.

    Args:
        guide: sRGB, uint8 or float32 0..1, [B, H, W, 3].
        alpha: 0..1, [B, H, W].
        radius: in pixels of the full picture, ≥ 1; rounded to whole pixels of the small one.
        eps: as in `guided_filter`.
        subsample: how many times smaller, ≥ 1; 1 gives `guided_filter`.
    Returns: float32, [B, H, W].
    Source: He, Sun: "Fast Guided Filter", arXiv:1505.00996, algorithm 2 (area means for the smaller picture, bilinear models).
    """
    if subsample == 1:
        return guided_filter(guide, alpha, radius, eps)
    _, height, width = alpha.shape
    small = (-(-height // subsample), -(-width // subsample))
    filtered = torch.empty_like(alpha, dtype=torch.float32)
    for one in range(len(alpha)):
        colour = F.interpolate(_planes(guide[one])[None], size=small, mode="area")[0]
        coarse = F.interpolate(alpha[one][None, None].float(), size=small, mode="area")[0, 0]
        a_and_b = coefficients(colour, coarse, max(1, round(radius / subsample)), eps).float()
        for y in range(0, height, _TILE):
            rows = slice(y, min(y + _TILE, height))
            part = enlarged_part(a_and_b, (height, width), rows, slice(0, width))
            filtered[one, rows] = (part[:3] * _planes(guide[one, rows])).sum(0) + part[3]
    return filtered


def coefficients(colour: Tensor, alpha: Tensor, radius: int, eps: float) -> Tensor:
    """The averaged linear models of one picture: a for red, green, blue, and b.

    Args:
        colour: 0..1, [3, H, W].
        alpha: 0..1, [H, W].
        radius: in pixels, ≥ 1.
        eps: as in `guided_filter`.
    Returns: [4, H, W], float64 (float32 on devices without it).
    """
    dtype = torch.float32 if colour.device.type == "mps" else torch.float64
    colour, alpha = colour.to(dtype), alpha.to(dtype)
    centre = colour.mean((1, 2), keepdim=True)  # a shifted guide has the same a; small numbers cancel less, which float32 needs
    red, green, blue = shifted = colour - centre
    products = torch.stack((red * red, red * green, red * blue, green * green, green * blue, blue * blue, *(shifted * alpha), alpha))
    means = box_mean(torch.cat((shifted, products)), radius)
    r, g, b, mean_alpha = means[0], means[1], means[2], means[12]
    rr, rg, rb = means[3] - r * r + eps, means[4] - r * g, means[5] - r * b
    gg, gb, bb = means[6] - g * g + eps, means[7] - g * b, means[8] - b * b + eps
    covariance = means[9:12] - means[:3] * mean_alpha
    inverse = (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg, rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg)
    determinant = rr * inverse[0] + rg * inverse[1] + rb * inverse[2]
    a = torch.stack([
        inverse[0] * covariance[0] + inverse[1] * covariance[1] + inverse[2] * covariance[2],
        inverse[1] * covariance[0] + inverse[3] * covariance[1] + inverse[4] * covariance[2],
        inverse[2] * covariance[0] + inverse[4] * covariance[1] + inverse[5] * covariance[2],
    ]).div_(determinant)  # fmt: skip
    offset = mean_alpha - (a * means[:3]).sum(0)
    averaged = box_mean(torch.cat((a, offset[None])), radius)
    averaged[3] -= (averaged[:3] * centre).sum(0)
    return averaged


def box_mean(planes: Tensor, radius: int) -> Tensor:
    """Mean over (2·radius + 1)² windows, cut off at the border and divided by what is left. [..., H, W] → [..., H, W]."""
    for axis in (-2, -1):
        length = planes.shape[axis]
        start = torch.zeros_like(planes.narrow(axis, 0, 1))
        total = torch.cat((start, planes.cumsum(axis)), axis)
        place = torch.arange(length, device=planes.device)
        high, low = (place + radius + 1).clamp_(max=length), (place - radius).clamp_(min=0)
        count = (high - low).to(planes.dtype)
        planes = (total.index_select(axis, high) - total.index_select(axis, low)) / (count[:, None] if axis == -2 else count)
    return planes


def enlarged_part(maps: Tensor, size: tuple[int, int], rows: slice, columns: slice) -> Tensor:
    """A rectangle of the bilinear enlargement of `maps` [C, h, w] to `size`, without making the rest. → [C, rows, columns]."""
    for axis, full, part in ((1, size[0], rows), (2, size[1], columns)):
        length = maps.shape[axis]
        place = torch.arange(part.start, part.stop, device=maps.device, dtype=torch.float32)
        place = ((place + 0.5) * (length / full) - 0.5).clamp_(0, length - 1)
        low = place.long().clamp_(max=max(length - 2, 0))
        weight = (place - low).to(maps.dtype)
        weight = weight[:, None] if axis == 1 else weight
        maps = torch.lerp(maps.index_select(axis, low), maps.index_select(axis, (low + 1).clamp_(max=length - 1)), weight)
    return maps


def _planes(image: Tensor) -> Tensor:
    """[H, W, 3 or 4], uint8 or float → RGB [3, H, W], float32 0..1."""
    planes = image[..., :3].permute(2, 0, 1).contiguous()
    return planes.float().div_(255) if planes.dtype == torch.uint8 else planes.float()
