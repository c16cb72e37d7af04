"""The guided filter with a colour guide (He, Sun, Tang: "Guided Image Filtering", IEEE TPAMI 35, 2013) and its fast form."""

from __future__ import annotations

from ..arrays import Array, floats, is_on_cpu, library
from .planes import box_mean, box_mean_in_double, colour_planes, enlarge_blocks, shrink_blocks

__all__ = ["fast_guided_filter", "guided_filter", "linear_models"]

_TILE = 256
"""Side in pixels of the square worked at once: planes of this size stay in a processor's cache, which makes sums three times faster."""

_AT_ONCE = 1 << 15
"""Pixels whose models are solved at once. With more their planes leave a processor's cache, with fewer starting some fifty operations takes longer."""

_CENTRE = 0.5
"""A guide lowered by this has the same a, and smaller numbers, which cancel less. The same for all tiles, so that these change nothing."""


def guided_filter(guide: Array, alpha: Array, radius: int, eps: float) -> Array:
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


def fast_guided_filter(guide: Array, alpha: Array, radius: int, eps: float, subsample: int) -> Array:
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
    xp = library(alpha)
    filtered = xp.empty_like(alpha, dtype=xp.float32)
    small_radius = max(1, round(radius / subsample))
    halo = subsample * (2 * small_radius + 1)  # the model of a window, the mean over windows, the neighbour of the enlargement
    side = subsample * max(1, _TILE // subsample, 2 * small_radius)
    for one in range(len(alpha)):
        for y in range(0, height, side):
            for x in range(0, width, side):
                y0, x0, y1, x1 = max(0, y - halo), max(0, x - halo), y + side + halo, x + side + halo
                colour = colour_planes(guide[one, y0:y1, x0:x1])
                coarse = shrink_blocks(floats(alpha[one, None, y0:y1, x0:x1]), subsample)[0]
                models = linear_models(shrink_blocks(colour, subsample), coarse, small_radius, eps)
                models = enlarge_blocks(models, subsample, *colour.shape[1:])
                value = (models[:3] * colour).sum(0) + models[3]
                filtered[one, y : y + side, x : x + side] = value[y - y0 : y - y0 + side, x - x0 : x - x0 + side]
    return filtered


def linear_models(colour: Array, alpha: Array, radius: int, eps: float) -> Array:
    """The averaged linear models of one picture: a for red, green, blue, and b.

    Args:
        colour: 0..1, [3, H, W].
        alpha: 0..1, [H, W].
        radius: in pixels, ≥ 1.
        eps: as in `guided_filter`.
    Returns: float32, [4, H, W].
    """
    red, green, blue = shifted = colour - _CENTRE
    products = [one * other for one, other in ((red, red), (red, green), (red, blue), (green, green), (green, blue), (blue, blue))]
    xp = library(alpha)
    planes = xp.concatenate((shifted, alpha[None], xp.stack(products), shifted * alpha))
    means = box_mean_in_double(planes, radius)
    models = planes[:4]
    rows = max(1, _AT_ONCE // alpha.shape[1]) if is_on_cpu(alpha) else len(alpha)
    for y in range(0, len(alpha), rows):
        _solve(means[:, y : y + rows], eps, models[:, y : y + rows])
    return box_mean(models, radius)


def _solve(means: Array, eps: float, models: Array) -> None:
    """Write the model of each window into `models`, [4, H, W].

    `means` are those of red, green, blue, alpha, of products of two colours, and of colours times alpha, [13, H, W]; they are used up.
    """
    r, g, b, mean_alpha, rr, rg, rb, gg, gb, bb, r_alpha, g_alpha, b_alpha = means
    means[10:] -= means[:3] * mean_alpha
    means[4:7] -= means[:3] * r
    means[7:9] -= means[1:3] * g
    bb -= b * b
    rr += eps
    gg += eps
    bb += eps
    # the inverse of a symmetric 3×3 matrix by its cofactors
    c_rr, c_rg, c_rb = _cross(gg, bb, gb, gb), _cross(rb, gb, rg, bb), _cross(rg, gb, rb, gg)
    c_gg, c_gb, c_bb = _cross(rr, bb, rb, rb), _cross(rb, rg, rr, gb), _cross(rr, gg, rg, rg)
    determinant = rr * c_rr
    determinant += rg * c_rg
    determinant += rb * c_rb
    means[:3] += _CENTRE
    offset = mean_alpha
    for place, (own, by_r, by_g, by_b) in enumerate(((r, c_rr, c_rg, c_rb), (g, c_rg, c_gg, c_gb), (b, c_rb, c_gb, c_bb))):
        slope = by_r * r_alpha
        slope += by_g * g_alpha
        slope += by_b * b_alpha
        slope /= determinant
        offset -= slope * own
        models[place] = slope
    models[3] = offset


def _cross(a: Array, b: Array, c: Array, d: Array) -> Array:
    """a · b - c · d."""
    made = a * b
    made -= c * d
    return made
