"""The matting family. Each public function is the operation of its name in `spec/matting.py`."""

from __future__ import annotations

import torch
from torch import Tensor

from ..imaging.composite import composite as composite_over
from ..imaging.composite import cutout
from ..imaging.foreground import estimate_foreground as free_foreground
from ..imaging.guided_filter import refine_alpha as fit_to_edges
from ..imaging.trimap import make_trimap
from .job import Job
from .network_alpha import estimate_alpha

__all__ = ["composite", "estimate_foreground", "matte", "refine_alpha", "trimap"]


def matte(image: Tensor, *, model: str, preprocess: str, refine: str, edge_width: float, job: Job) -> dict[str, Tensor]:
    """Alpha, and where wanted foreground and cut-out, of each picture of a batch."""
    network = job.model(model)
    alphas: list[Tensor] = []
    for index in range(len(image)):
        job.progress(index, len(image), "Finding the subject")
        one = image[index : index + 1]
        alpha = estimate_alpha(network, one, preprocess)
        if refine == "guided" and edge_width > 0:
            alpha = fit_to_edges(one, alpha, edge_width)
        alphas.append(alpha)
    job.progress(len(image), len(image), "Finding the subject")
    alpha = torch.cat(alphas) if len(alphas) > 1 else alphas[0]
    return {"alpha": alpha, **_coloured(image, alpha, job)}


def refine_alpha(image: Tensor, alpha: Tensor, *, edge_width: float, job: Job) -> dict[str, Tensor]:
    """The mask with its edge fitted to the picture's edges."""
    job.progress(0, 1, "Refining the edge")
    return {"alpha": fit_to_edges(image, alpha, edge_width)}


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


def _coloured(image: Tensor, alpha: Tensor, job: Job) -> dict[str, Tensor]:
    if not job.wants("foreground", "cutout"):
        return {}
    job.progress(0, 1, "Freeing the edge of background colour")
    foreground = free_foreground(image, alpha)
    made = {"foreground": foreground}
    if job.wants("cutout"):
        made["cutout"] = cutout(foreground, alpha)
    return made
