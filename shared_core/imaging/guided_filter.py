"""The guided filter with a colour guide (He, Sun, Tang: "Guided Image Filtering", IEEE TPAMI 35, 2013) and its fast form."""

from __future__ import annotations

import torch
from torch import Tensor

from .planes import box_mean, box_mean_in_double, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["fast_guided_filter", "guided_filter", "linear_models"]

_TILE = 256
"""Side in pixels of the square worked at once: planes of this size stay in a processor's cache, which makes sums three times faster."""

_CENTRE = 0.5
"""A guide lowered by this has the same a, and smaller numbers, which cancel less. The same for all tiles, so that these change nothing."""


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
                models = linear_models(shrink_blocks(colour, subsample), coarse, small_radius, eps)
                models = enlarge_blocks(models, subsample, *colour.shape[1:])
                value = (models[:3] * colour).sum(0) + models[3]
                filtered[one, y : y + side, x : x + side] = value[y - y0 : y - y0 + side, x - x0 : x - x0 + side]
    return filtered


def linear_models(colour: Tensor, alpha: Tensor, radius: int, eps: float) -> Tensor:
    """The averaged linear models of one picture: a for red, green, blue, and b.

    Args:
        colour: 0..1, [3, H, W].
        alpha: 0..1, [H, W].
        radius: in pixels, ≥ 1.
        eps: as in `guided_filter`.
    Returns: float32, [4, H, W].
    """
    red, green, blue = shifted = colour - _CENTRE
    products = (red * red, red * green, red * blue, green * green, green * blue, blue * blue)
    r, g, b, mean_alpha, rr, rg, rb, gg, gb, bb, r_alpha, g_alpha, b_alpha = box_mean_in_double(
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
    offset = mean_alpha - a_red * (r + _CENTRE) - a_green * (g + _CENTRE) - a_blue * (b + _CENTRE)
    return box_mean(torch.stack((a_red, a_green, a_blue, offset)).float(), radius)
