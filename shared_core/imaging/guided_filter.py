"""The guided filter with a colour guide (He, Sun, Tang: "Guided Image Filtering", IEEE TPAMI 35, 2013) and its fast form.

Convention: a picture `subsample` times smaller is made of means over blocks of subsample² pixels, counted from the top left; the
last block of a row or column may be smaller. So what a small pixel holds never depends on how the picture is cut into tiles.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..progress import Progress, silent

__all__ = ["box_mean", "colour_planes", "enlarge_blocks", "fast_guided_filter", "guided_filter", "linear_models", "refine_alpha", "shrink_blocks"]

_TILE = 256
"""Side in pixels of the square worked at once: planes of this size stay in a processor's cache, which makes sums three times faster."""


_EDGE_VARIANCE = 1e-4
"""eps of the guided filter when refining: above the noise and JPEG blocks of a photo (variance of values 0..1)."""
_BEFORE, _AFTER = 2.0, 1.5
"""How many times steeper a transition is made before and after filtering. More after it sharpens people and ruins fur."""
_FLAT, _EDGE = 0.2, 0.6
"""An alpha that changes by less than the first within the edge width is no edge, by more than the second surely is."""


def guided_filter(guide: Tensor, alpha: Tensor, radius: int, eps: float) -> Tensor:
    """Filter `alpha` so that it follows the edges of `guide`: per window the linear model alpha ≈ a·guide + b, averaged over all windows.

    Args:
        guide: sRGB, uint8 or float32 0..1, [B, H, W, 3].
        alpha: 0..1, [B, H, W].
        radius: windows are (2·radius + 1)² pixels, cut off at the border; in pixels, ≥ 1.
        eps: how much colour variance (of values 0..1) counts as an edge; > 0.
    Returns: float32, [B, H, W]; may leave 0..1 a little, as the formula does.
    Source: He et al. 2013, algorithm 1 with equations 19 to 21.
    """
    return fast_guided_filter(guide, alpha, radius, eps, 1)


def fast_guided_filter(guide: Tensor, alpha: Tensor, radius: int, eps: float, subsample: int) -> Tensor:
    """The guided filter with its linear models computed on a picture `subsample` times smaller: the cost falls with its square.

    Worked in tiles that give the same result as the whole, so memory stays bounded.

    Args:
        guide: sRGB, uint8 or float32 0..1, [B, H, W, 3].
        alpha: 0..1, [B, H, W].
        radius: in pixels of the full picture, ≥ 1; rounded to whole pixels of the small one.
        eps: as in `guided_filter`.
        subsample: how many times smaller, ≥ 1; 1 is the exact filter.
    Returns: float32, [B, H, W].
    Source: He, Sun: "Fast Guided Filter", arXiv:1505.00996, algorithm 2 (block means for the smaller picture, bilinear models).
    """
    _, height, width = alpha.shape
    filtered = torch.empty_like(alpha, dtype=torch.float32)
    small_radius = max(1, round(radius / subsample))
    halo = subsample * (2 * small_radius + 1)  # the model of a window, the mean over windows, the neighbour of the enlargement
    side = subsample * max(1, _TILE // subsample, 2 * small_radius)
    for one in range(len(alpha)):
        for y in range(0, height, side):
            for x in range(0, width, side):
                y0, x0, y1, x1 = max(0, y - halo), max(0, x - halo), y + side + halo, x + side + halo
                colour = colour_planes(guide[one, y0:y1, x0:x1])
                coarse = shrink_blocks(alpha[one, None, y0:y1, x0:x1].float(), subsample)[0]
                models = linear_models(shrink_blocks(colour, subsample), coarse, small_radius, eps).float()
                models = enlarge_blocks(models, subsample, *colour.shape[1:])
                value = (models[:3] * colour).sum(0) + models[3]
                filtered[one, y : y + side, x : x + side] = value[y - y0 : y - y0 + side, x - x0 : x - x0 + side]
    return filtered


def refine_alpha(image: Tensor, alpha: Tensor, edge_width: float, progress: Progress = silent) -> Tensor:
    """Fit a coarse or blurred alpha to the edges of the photo.

    Around every edge of the alpha the guided filter follows the photo, and the transition is made steeper between the lowest and the
    highest alpha of the neighbourhood. So nothing overshoots, a doubtful half-transparent area stays as doubtful as it was, and
    what is farther than `edge_width` from any change of the alpha keeps its exact value.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, 1 = keep, [B, H, W].
        edge_width: how far from the alpha's edge the true edge is looked for, in image pixels, ≥ 0; 0 returns a copy. For a
            mask enlarged n times 1.5·n is good.
        progress: told after every 256 rows.
    Returns: alpha, float32 0..1, [B, H, W].
    Raises: Cancelled, through `progress`.
    Source: fast guided filter (see above); the steepening between local extremes and its constants are ours, chosen on pictures with known alpha.
    """
    batch, height, width = alpha.shape
    refined = alpha.to(torch.float32, copy=True)
    if edge_width <= 0:
        return refined
    radius = max(1, round(edge_width / 3))
    subsample = max(1, min(radius // 2, 16))
    reach = max(1, round(edge_width / 3 / subsample))  # in small pixels; the filter's radius, half of the one extremes are taken from
    halo = subsample * (5 * reach + 1)  # three for the extremes and their mean, two for the filter, one for the enlargement
    side = subsample * max(_TILE // subsample, 4 * reach)
    steps = range(0, height, side)
    for one in range(batch):
        for row, y in enumerate(steps):
            for x in range(0, width, side):
                y0, x0, y1, x1 = max(0, y - halo), max(0, x - halo), y + side + halo, x + side + halo
                coarse = alpha[one, y0:y1, x0:x1].float()
                low, high = coarse.aminmax()
                if high - low > _FLAT:
                    part = _refined(colour_planes(image[one, y0:y1, x0:x1]), coarse, reach, subsample)
                    refined[one, y : y + side, x : x + side] = part[y - y0 : y - y0 + side, x - x0 : x - x0 + side]
            progress(one * len(steps) + row + 1, batch * len(steps), "refining edges")
    return refined


def _refined(colour: Tensor, alpha: Tensor, reach: int, subsample: int) -> Tensor:
    coarse = shrink_blocks(alpha[None], subsample)
    extremes = F.max_pool2d(torch.cat((-coarse, coarse)), (4 * reach + 1, 1), 1, (2 * reach, 0))
    extremes = F.max_pool2d(extremes, (1, 4 * reach + 1), 1, (0, 2 * reach))
    low, high = box_mean(extremes, reach)
    low, high = torch.minimum(-low, coarse[0]), torch.maximum(high, coarse[0])
    span = (high - low).clamp_(min=1e-3)
    steeper = low + span * _steepened((coarse[0] - low) / span, _BEFORE)
    models = linear_models(shrink_blocks(colour, subsample), steeper, reach, _EDGE_VARIANCE).float()
    strength = ((span - _FLAT) / (_EDGE - _FLAT)).clamp_(0, 1)
    strength = strength * strength * (3 - 2 * strength)
    maps = enlarge_blocks(torch.cat((models, torch.stack((low, span, strength)))), subsample, *alpha.shape)
    low, span, strength = maps[4:]
    followed = (maps[:3] * colour).sum(0).add_(maps[3]).sub_(low).div_(span).clamp_(0, 1)
    # the extremes' means are running sums in float32: 1 may come out as 1.00002
    return _steepened(followed, _AFTER).mul_(span).add_(low).sub_(alpha).mul_(strength).add_(alpha).clamp_(0, 1)


def _steepened(share: Tensor, times: float) -> Tensor:
    return share.sub(0.5).mul_(times).add_(0.5).clamp_(0, 1)


def linear_models(colour: Tensor, alpha: Tensor, radius: int, eps: float) -> Tensor:
    """The averaged linear models of one picture: a for red, green, blue, and b.

    Args:
        colour: 0..1, [3, H, W].
        alpha: 0..1, [H, W].
        radius: in pixels, ≥ 1.
        eps: as in `guided_filter`.
    Returns: [4, H, W], float64 (float32 on devices without it).
    """
    dtype = torch.float32 if colour.device.type == "mps" else torch.float64
    centre = colour.mean((1, 2), keepdim=True).to(dtype)  # a shifted guide has the same a; small numbers cancel less, which float32 needs
    alpha = alpha.to(dtype)
    red, green, blue = shifted = colour.to(dtype) - centre
    products = (red * red, red * green, red * blue, green * green, green * blue, blue * blue)
    r, g, b, mean_alpha, rr, rg, rb, gg, gb, bb, r_alpha, g_alpha, b_alpha = box_mean(
        torch.stack((red, green, blue, alpha, *products, *(shifted * alpha))), radius
    )
    rr, rg, rb = rr - r * r + eps, rg - r * g, rb - r * b
    gg, gb, bb = gg - g * g + eps, gb - g * b, bb - b * b + eps
    r_alpha, g_alpha, b_alpha = r_alpha - r * mean_alpha, g_alpha - g * mean_alpha, b_alpha - b * mean_alpha
    # the inverse of a symmetric 3×3 matrix by its cofactors
    c_rr, c_rg, c_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * c_rr + rg * c_rg + rb * c_rb
    a_red = (c_rr * r_alpha + c_rg * g_alpha + c_rb * b_alpha).div_(determinant)
    a_green = (c_rg * r_alpha + c_gg * g_alpha + c_gb * b_alpha).div_(determinant)
    a_blue = (c_rb * r_alpha + c_gb * g_alpha + c_bb * b_alpha).div_(determinant)
    offset = mean_alpha - a_red * (r + centre[0]) - a_green * (g + centre[1]) - a_blue * (b + centre[2])
    return box_mean(torch.stack((a_red, a_green, a_blue, offset)), radius)


def box_mean(planes: Tensor, radius: int) -> Tensor:
    """Mean over (2·radius + 1)² windows, cut off at the border and divided by what is left. [..., H, W] → [..., H, W]."""
    for axis in (-2, -1):
        length = planes.shape[axis]
        total = planes.cumsum(axis)
        mean = torch.empty_like(total)
        inner = max(length - radius, 0)  # places whose window ends inside
        mean.narrow(axis, 0, inner).copy_(total.narrow(axis, length - inner, inner))
        mean.narrow(axis, inner, length - inner).copy_(total.narrow(axis, length - 1, 1))
        if (later := length - radius - 1) > 0:  # places whose window begins inside
            mean.narrow(axis, radius + 1, later).sub_(total.narrow(axis, 0, later))
        place = torch.arange(length, device=planes.device)
        count = ((place + radius + 1).clamp_(max=length) - (place - radius).clamp_(min=0)).to(mean.dtype)
        planes = mean.div_(count[:, None] if axis == -2 else count)
    return planes


def shrink_blocks(planes: Tensor, subsample: int) -> Tensor:
    """Means over blocks of subsample² pixels. [C, H, W] → [C, ⌈H / subsample⌉, ⌈W / subsample⌉]."""
    return planes if subsample == 1 else F.avg_pool2d(planes, subsample, ceil_mode=True, count_include_pad=False)


def enlarge_blocks(planes: Tensor, subsample: int, height: int, width: int) -> Tensor:
    """Bilinear enlargement by `subsample`, cut to height×width: the way back from `shrink_blocks`."""
    if subsample == 1:
        return planes
    size = (subsample * planes.shape[1], subsample * planes.shape[2])
    return F.interpolate(planes[None], size=size, mode="bilinear", align_corners=False)[0, :, :height, :width]


def colour_planes(image: Tensor) -> Tensor:
    """[H, W, 3 or 4], uint8 or float → RGB [3, H, W], float32 0..1."""
    planes = image[..., :3].permute(2, 0, 1).contiguous()
    return planes.float().div_(255) if planes.dtype == torch.uint8 else planes.float()
