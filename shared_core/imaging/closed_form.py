"""Closed-form matting inside a trimap, by pymatting (extra `[closed-form]`), which is loaded when first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, alike, as_array, floats
from ..errors import BadInput
from ..progress import Progress, silent
from .areas import area_means
from .planes import colour_planes
from .resize import enlarge_map
from .tiles import Tiling
from .trimap import constrain_alpha, split_trimap

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["closed_form_alpha"]

Plane = NDArray[np.float32]

_SIDE, _OVERLAP = 512, 96
"""Pixels. A tile takes about 200 MB while it is solved."""
_PRIOR = 0.03
"""How strongly an unknown pixel is drawn to the alpha it had, against the matting Laplacian; keeps haze out of flat areas."""
_FAINT_PRIOR = 1e-5
"""The same for the first look at a small copy, where the alpha it had is one half everywhere."""


def closed_form_alpha(image: Array, trimap: Array, alpha: Array | None = None, progress: Progress = silent) -> Array:
    """The alpha that explains the picture best where the trimap is unknown, if colours lie on lines within every 3×3 window.

    Solved in overlapping tiles that hold unknown pixels, so memory stays bounded; the tiles fade into each other and are held
    together by `alpha`, or without one by the solution of a small copy of the picture.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        trimap: 1 = subject, 0 = background, anything between is unknown, [B, H, W].
        alpha: what is believed so far, 0..1, [B, H, W], best already fitted to the edges.
        progress: told after every step of a tile's solution.
    Returns: alpha, float32 0..1, [B, H, W]; exactly 0 and 1 where the trimap is known.
    Raises: BadInput, when pymatting is not installed. Cancelled, through `progress`.
    Source: Levin, Lischinski, Weiss: "A Closed-Form Solution to Natural Image Matting", IEEE TPAMI 30, 2008; the prior is ours.
    """
    pymatting = _pymatting()
    solved = np.empty(trimap.shape, np.float32)
    tiling = Tiling(*trimap.shape[1:], side=_SIDE, overlap=_OVERLAP)

    def tell(done: int) -> None:
        progress(done, len(trimap) * len(tiling), "solving for fine edges")

    for one in range(len(trimap)):
        known, done = as_array(trimap[one]), one * len(tiling)
        prior = _first_look(pymatting, image[one], known, partial(tell, done)) if alpha is None else as_array(floats(alpha[one]))
        whole = np.zeros_like(prior)
        for number, tile in enumerate(tiling, start=done):
            place = tile.rows, tile.columns
            colour = as_array(colour_planes(image[one][place]))
            whole[place] += tile.window * _solved(pymatting, colour, known[place], prior[place], _PRIOR, partial(tell, number))
            tell(number + 1)
        solved[one] = constrain_alpha(whole, known).clip(0, 1)
    return alike(solved, trimap)


def _pymatting() -> ModuleType:
    try:
        return importlib.import_module("pymatting")
    except ImportError:
        raise BadInput("Closed-form refinement needs the package pymatting, which is not installed. Get it with: pip install pymatting") from None


def _first_look(pymatting: ModuleType, image: Array, trimap: Plane, told: Callable[[], None]) -> Plane:
    """The solution of a copy that fits into one tile, enlarged."""
    factor = max(1, -(-max(trimap.shape) // _SIDE))
    height, width = (max(1, length // factor) for length in trimap.shape)
    colour = as_array(area_means(colour_planes(image), height, width))
    small = area_means(floats(trimap)[None], height, width)[0]
    subject, background, _ = split_trimap(small)
    small[~(subject | background)] = 0.5
    look = _solved(pymatting, colour, small, np.full_like(small, 0.5), _FAINT_PRIOR, told)
    return enlarge_map(look[None], *trimap.shape)[0]


def _solved(pymatting: ModuleType, colour: Plane, trimap: Plane, prior: Plane, weight: float, told: Callable[[], None]) -> Plane:
    """One tile. colour [3, h, w], the others [h, w] → [h, w]."""
    subject, _, unknown = split_trimap(trimap)
    if not unknown.any():
        return constrain_alpha(prior, trimap)
    picture = np.moveaxis(colour, 0, -1).astype(np.float64)
    tall, wide = (max(0, 3 - length) for length in unknown.shape)  # the Laplacian's windows are 3×3
    padding = ((0, tall), (0, wide))
    picture = np.pad(picture, (*padding, (0, 0)), mode="edge")
    subject, unknown = (np.pad(mask, padding, mode="edge") for mask in (subject, unknown))
    believed = np.pad(prior.astype(np.float64), padding, mode="edge")
    solution = believed.copy()
    solution[~unknown] = subject[~unknown]
    solution[unknown] = _solution(pymatting, picture, subject.ravel(), unknown.ravel(), believed[unknown], weight, told)
    return solution[: trimap.shape[0], : trimap.shape[1]].clip(0, 1).astype(np.float32)


def _solution(
    pymatting: ModuleType, picture: NDArray[np.float64], subject: NDArray[np.bool_], unknown: NDArray[np.bool_], believed: NDArray[np.float64],
    weight: float, told: Callable[[], None],
) -> NDArray[np.float64]:  # fmt: skip
    """Minimise xᵀLx + weight·|x - believed|² over the unknown pixels, with the known ones fixed. `told` is called after each step, and may stop it."""
    import scipy.sparse

    laplacian = pymatting.cf_laplacian(picture, is_known=~unknown)[unknown]
    system = laplacian[:, unknown] + weight * scipy.sparse.identity(int(unknown.sum()), format="csr")
    target = weight * believed - laplacian[:, ~unknown].dot(subject[~unknown].astype(np.float64))
    return pymatting.cg(system, target, x0=believed, M=pymatting.ichol(system), rtol=1e-5, callback=lambda *_: told())
