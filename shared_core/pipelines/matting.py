"""The matting family. Each public function is the operation of its name in `spec/matting.py`."""

from __future__ import annotations

import torch
from torch import Tensor

from ..imaging.composite import composite as composite_over
from ..imaging.composite import cutout
from ..imaging.foreground import estimate_foreground as free_foreground
from ..imaging.refine import refine_alpha as fit_to_edges
from ..imaging.sheet import sheet as side_by_side
from ..imaging.trimap import make_trimap
from .job import Job
from .network_alpha import estimate_alpha

__all__ = ["composite", "estimate_foreground", "matte", "refine_alpha", "sheet", "trimap"]

EDGE_PER_ENLARGEMENT = 1.5
"""automatic edge width: a map enlarged n times knows its edge to about n pixels"""


def matte(image: Tensor, *, model: str, preprocess: str, refine: str, edge_width: float, job: Job) -> dict[str, Tensor]:
    """Alpha, and where wanted foreground and cut-out, of each picture of a batch."""
    network = job.model(model)
    alpha = torch.empty(image.shape[:3], dtype=torch.float32, device=image.device)
    width = edge_width or EDGE_PER_ENLARGEMENT * max(image.shape[1:3]) / network.card.profile(preprocess).preprocess.size
    for index in range(len(image)):
        job.progress(index, len(image), "Finding the subject")
        one = image[index : index + 1]
        coarse = estimate_alpha(network, one, preprocess)
        alpha[index] = (fit_to_edges(one, coarse, width, job.progress) if refine == "guided" else coarse)[0]
    job.progress(len(image), len(image), "Finding the subject")
    return {"alpha": alpha, **_coloured(image, alpha, job)}


def refine_alpha(image: Tensor, alpha: Tensor, *, edge_width: float, job: Job) -> dict[str, Tensor]:
    """The mask with its edge fitted to the picture's edges."""
    return {"alpha": fit_to_edges(image, alpha, edge_width, job.progress)}


def trimap(alpha: Tensor, *, inside: float, outside: float, job: Job) -> dict[str, Tensor]:
    """Sure subject, sure background, unknown."""
    job.progress(0, 1, "Drawing the trimap")
    return {"trimap": make_trimap(alpha, inside, outside)}


def estimate_foreground(image: Tensor, alpha: Tensor, *, job: Job) -> dict[str, Tensor]:
    """The subject's own colours at its edge."""
    return _coloured(image, alpha, job)


def composite(foreground: Tensor, alpha: Tensor, background: Tensor | None, *, colour: str, job: Job) -> dict[str, Tensor]:
    """The subject over a picture, or over a colour."""
    job.progress(0, 1, "Placing the subject over the background")
    return {"image": composite_over(foreground, alpha, colour if background is None else background)}


def sheet(image: Tensor, alpha: Tensor, *, job: Job) -> dict[str, Tensor]:
    """Photo, alpha and cut-out in one picture."""
    foreground = free_foreground(image, alpha, job.progress)
    return {"image": side_by_side(image, alpha, foreground)}


def _coloured(image: Tensor, alpha: Tensor, job: Job) -> dict[str, Tensor]:
    if not job.wants("foreground", "cutout"):
        return {}
    foreground = free_foreground(image, alpha, job.progress)
    return {"foreground": foreground, **({"cutout": cutout(foreground, alpha)} if job.wants("cutout") else {})}
