"""Edges by a fully connected CRF, by pydensecrf2 (extra `[crf]`), which is loaded when first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, alike, as_array, floats
from ..errors import BadInput
from ..progress import Progress, silent
from .tiles import Tiling

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["crf_alpha", "unary_energies"]

_SIDE = 512
_CERTAIN = 1e-6
"""Probabilities are kept this far from 0 and 1, so that no energy is infinite."""


def crf_alpha(image: Array, alpha: Array, edge_width: float, progress: Progress = silent) -> Array:
    """Let pixels that are near each other and alike in colour agree on being subject or background. Edges become hard; hair is lost.

    Worked in overlapping tiles that fade into each other; tiles without an edge stay as they are.

    Args:
        image: sRGB, uint8 or float32 0..1, [B, H, W, 3 or 4].
        alpha: 0..1, taken as the probability of being subject, [B, H, W].
        edge_width: how far pixels alike in colour reach each other, in image pixels, 1..100.
        progress: told after every tile.
    Returns: alpha, float32 0..1, [B, H, W]: the probability after five steps of mean-field inference.
    Raises: BadInput, when pydensecrf2 is not installed. Cancelled, through `progress`.
    Source: Krähenbühl, Koltun: "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011.
    """
    densecrf = _densecrf()
    agreed = np.zeros(alpha.shape, np.float32)
    tiling = Tiling(*alpha.shape[1:], side=_SIDE, overlap=min(_SIDE // 2, 32 + 2 * round(edge_width)))
    for one in range(len(alpha)):
        for number, tile in enumerate(tiling):
            place = tile.rows, tile.columns
            part = as_array(floats(alpha[one][place]))
            if float(part.min()) < 0.5 <= float(part.max()):
                part = _inferred(densecrf, _as_bytes(image[one][place]), part, edge_width)
            agreed[one][place] += tile.window * part
            progress(one * len(tiling) + number + 1, len(alpha) * len(tiling), "letting alike pixels agree")
    return alike(agreed.clip(0, 1), alpha)


def unary_energies(alpha: np.ndarray) -> np.ndarray:
    """-log of the probabilities of background and of subject: float32, [2, pixels], C-contiguous. Alpha: 0..1, any shape."""
    subject = np.clip(alpha.astype(np.float64).ravel(), _CERTAIN, 1 - _CERTAIN)
    return np.ascontiguousarray(-np.log(np.stack((1 - subject, subject))), np.float32)


def _densecrf() -> ModuleType:
    try:
        return importlib.import_module("pydensecrf.densecrf")
    except ImportError:
        raise BadInput(
            "CRF refinement needs the package pydensecrf2, which is not installed. Get it with: pip install pydensecrf2 (it is built with a C++ compiler)"
        ) from None


def _inferred(densecrf: ModuleType, image: np.ndarray, alpha: np.ndarray, edge_width: float) -> np.ndarray:
    height, width = alpha.shape
    field = densecrf.DenseCRF2D(width, height, 2)
    field.setUnaryEnergy(unary_energies(alpha))
    field.addPairwiseGaussian(sxy=1, compat=1)
    field.addPairwiseBilateral(sxy=edge_width, srgb=13, rgbim=image, compat=3)
    probabilities = np.array(field.inference(5), np.float32)
    return probabilities[1].reshape(height, width)


def _as_bytes(image: Array) -> np.ndarray:
    """In memory of its own: pydensecrf takes nothing that may not be written."""
    colour = np.array(as_array(image[..., :3]), order="C")
    return colour if colour.dtype == np.uint8 else np.rint(colour * 255).astype(np.uint8)
