"""The matting family. Each public function is the operation of its name in `spec/matting.py`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..imaging.composite import as_floats, cutout
from ..imaging.foreground import estimate_foreground as free_foreground
from ..imaging.foreground import free_colours
from ..imaging.trimap import make_trimap
from .confidence import agreement
from .detail import detail_alpha
from .edges import fit_to_edges
from .job import Job
from .network_alpha import estimate_alpha, estimate_classes

__all__ = ["clothes", "estimate_foreground", "matte", "refine_alpha", "trimap"]

EDGE_PER_ENLARGEMENT = 1.5
"""automatic edge width: a map enlarged n times knows its edge to about n pixels"""


def matte(image: Tensor, *, model: str, preprocess: str, refine: str, edge_width: float, keep_transparency: bool, detail: bool, colours: str,
          job: Job) -> dict[str, Tensor]:  # fmt: skip
    """Alpha, and where wanted confidence, foreground and cut-out, of each picture of a batch."""
    network = job.model(model)
    alpha = torch.empty(image.shape[:3] if len(image) > 1 else (0,), device=image.device)
    confidence = torch.empty(image.shape[:3], device=image.device) if job.wants("confidence") else None
    width = edge_width or EDGE_PER_ENLARGEMENT * max(image.shape[1:3]) / network.card.profile(preprocess).preprocess.size
    figures: list[float] = []
    for index in range(len(image)):
        job.progress(index, len(image), "Finding the subject")
        one = image[index : index + 1]
        estimate = estimate_alpha(network, one, preprocess)
        made = detail_alpha(network, one, estimate.alpha, preprocess, job.progress) if detail and estimate.found else estimate.alpha
        made = fit_to_edges(one, made, refine, width, job.progress)
        if keep_transparency and image.shape[-1] == 4:
            made *= as_floats(one[..., 3])
        if len(image) > 1:
            alpha[index] = made[0]
        else:
            alpha = made
        figures.append(float(estimate.confidence))
        if confidence is not None:
            confidence[index] = F.interpolate(agreement(estimate.stages)[None], size=image.shape[1:3], mode="bilinear")[0, 0]
    job.progress(len(image), len(image), "Finding the subject")
    _tell_confidence(figures, job)
    return {"alpha": alpha, **({} if confidence is None else {"confidence": confidence}), **_coloured(image, alpha, job, freed=colours == "freed")}


def refine_alpha(image: Tensor, alpha: Tensor, trimap: Tensor | None, *, edge_width: float, method: str, job: Job) -> dict[str, Tensor]:
    """The mask with its edge fitted to the picture's edges."""
    fitted = fit_to_edges(image, alpha, method, edge_width, job.progress, trimap)
    return {"alpha": fitted.clone() if fitted is alpha else fitted}


def trimap(alpha: Tensor, *, inside: float, outside: float, job: Job) -> dict[str, Tensor]:
    """Sure subject, sure background, unknown."""
    job.progress(0, 1, "Drawing the trimap")
    return {"trimap": make_trimap(alpha, inside, outside)}


def estimate_foreground(image: Tensor, alpha: Tensor, *, job: Job) -> dict[str, Tensor]:
    """The subject's own colours at its edge."""
    return _coloured(image, alpha, job)


def clothes(image: Tensor, *, model: str, preprocess: str, job: Job) -> dict[str, Tensor]:
    """A mask for each class of clothes."""
    network = job.model(model)
    masks: dict[str, list[Tensor]] = {name.replace(" ", "_"): [] for name in network.card.classes[1:]}
    for index in range(len(image)):
        job.progress(index, len(image), "Finding clothes")
        probabilities = estimate_classes(network, image[index : index + 1], preprocess)[0]
        for one, mask in zip(masks.values(), probabilities[1:], strict=True):
            one.append(mask)
    job.progress(len(image), len(image), "Finding clothes")
    return {name: torch.stack(made) for name, made in masks.items()}


def _coloured(image: Tensor, alpha: Tensor, job: Job, *, freed: bool = True) -> dict[str, Tensor]:
    if not job.wants("foreground", "cutout"):
        return {}
    if job.wants("foreground"):
        foreground = free_foreground(image, alpha, job.progress) if freed else image[..., :3].clone(memory_format=torch.contiguous_format)
        return {"foreground": foreground, **({"cutout": cutout(foreground, alpha)} if job.wants("cutout") else {})}
    made = cutout(image, alpha)
    if freed:
        free_colours(image, alpha, made, job.progress)
    return {"cutout": made}


def _tell_confidence(figures: list[float], job: Job) -> None:
    found = [one > 0 for one in figures]
    job.figures["confidence"] = [round(one, 4) for one in figures]
    job.figures["nothing_found"] = [not one for one in found]
    if len(found) == 1 and not found[0]:
        job.notice("No subject was found in the picture.")
    elif not all(found):
        job.notice("No subject was found in these pictures of the batch: {numbers}.", numbers=", ".join(str(n) for n, one in enumerate(found, 1) if not one))
