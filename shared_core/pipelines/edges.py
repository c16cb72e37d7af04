"""The ways to fit a coarse alpha's edge to the photo."""

from __future__ import annotations

from ..arrays import Array
from ..imaging.closed_form import closed_form_alpha
from ..imaging.crf import crf_alpha
from ..imaging.refine import refine_alpha
from ..imaging.trimap import constrain_alpha, make_trimap
from ..progress import Progress

__all__ = ["fit_to_edges"]

_CRF_REACH = (1.0, 100.0)
"""pixels; what the CRF takes as its width"""


def fit_to_edges(image: Array, alpha: Array, method: str, width: float, progress: Progress, trimap: Array | None = None, *,
                 in_place: bool = False) -> Array:  # fmt: skip
    """The alpha with its edge fitted to the photo.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, [B, H, W].
        method: "none", "guided", "closed_form" or "crf". Closed form starts from what the guided filter makes.
        width: how far from the alpha's edge the true edge is looked for, in pixels; 0 leaves the alpha as it is.
        progress: told after every strip or tile.
        trimap: [B, H, W]; what it says is known stays so. Without one, closed form works within `width` of the edge.
        in_place: whether `alpha`, float32, may be written into, which saves a copy.
    Returns: float32 0..1, [B, H, W]; `alpha` itself where there is nothing to do.
    Raises: BadInput, when a package a method needs is not installed. Cancelled, through `progress`.
    """
    if method == "none" or (width <= 0 and trimap is None):
        return alpha
    if method == "crf":
        fitted = crf_alpha(image, alpha, min(max(width, _CRF_REACH[0]), _CRF_REACH[1]), progress)
    else:
        fitted = refine_alpha(image, alpha, width, progress, in_place=in_place)
    if method == "closed_form":
        unknown = make_trimap(fitted, width, width) if trimap is None else trimap
        return closed_form_alpha(image, unknown, fitted, progress)
    return fitted if trimap is None else constrain_alpha(fitted, trimap)
