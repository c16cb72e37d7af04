"""The matting family. Each public function is the operation of its name in `spec/matting.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..arrays import Array, empty, floats, library
from ..imaging.cutout import as_floats, cutout, rgb_of
from ..imaging.foreground import estimate_foreground as free_foreground
from ..imaging.foreground import free_colours
from ..imaging.resize import enlarge_map
from ..imaging.trimap import make_trimap
from ..models.source import Model
from .confidence import agreement
from .detail import detail_alpha
from .edges import fit_to_edges
from .job import Job
from .network_alpha import estimate_alpha, estimate_classes

__all__ = ["clothes", "estimate_foreground", "matte", "refine_alpha", "trimap"]

EDGE_PER_ENLARGEMENT = 1.5
"""automatic edge width: a map enlarged n times knows its edge to about n pixels"""


def matte(image: Array, *, model: str, preprocess: str, refine: str, edge_width: float, keep_transparency: bool, detail: bool, colours: str,
          job: Job) -> dict[str, Array]:  # fmt: skip
    """Alpha, and where wanted confidence, foreground and cut-out, of each picture of a batch."""
    network = job.model(model)
    alpha = empty(image.shape[:3] if len(image) > 1 else (0,), image)
    confidence = empty(image.shape[:3], image) if job.wants("confidence") else None
    width = edge_width or EDGE_PER_ENLARGEMENT * max(image.shape[1:3]) / network.card.profile(preprocess).preprocess.size
    fit = partial(fit_to_edges, method=refine, width=width, progress=job.progress, in_place=True)
    figures: list[float] = []
    for index in range(len(image)):
        job.progress(index, len(image), "Finding the subject")
        one = image[index : index + 1]
        made, sure, agreed = _found(network, one, preprocess, detail, fit, job)
        if keep_transparency and image.shape[-1] == 4:
            made *= as_floats(one[..., 3])
        if len(image) > 1:
            alpha[index] = made[0]
        else:
            alpha = made
        figures.append(sure)
        if confidence is not None:
            confidence[index] = agreed
    job.progress(len(image), len(image), "Finding the subject")
    _tell_confidence(figures, job)
    return {"alpha": alpha, **({} if confidence is None else {"confidence": confidence}), **_coloured(image, alpha, job, freed=colours == "freed")}


def _found(
    network: Model, one: Array, preprocess: str, detail: bool, fit: Callable[[Array, Array], Array], job: Job
) -> tuple[Array, float, Array | None]:  # fmt: skip
    """The alpha of one picture, how sure the network is, and, where wanted, of which pixels."""
    estimate = estimate_alpha(network, one, preprocess)
    alpha = detail_alpha(network, one, estimate.alpha, preprocess, job.progress) if detail and estimate.found[0] else estimate.alpha
    agreed = enlarge_map(agreement(estimate.stages), *one.shape[1:3])[0] if job.wants("confidence") else None
    return fit(one, alpha), float(estimate.confidence[0]), agreed


def refine_alpha(image: Array, alpha: Array, trimap: Array | None, *, edge_width: float, method: str, job: Job) -> dict[str, Array]:
    """The mask with its edge fitted to the picture's edges."""
    fitted = fit_to_edges(image, alpha, method, edge_width, job.progress, trimap)
    return {"alpha": floats(fitted, copy=fitted is alpha)}


def trimap(alpha: Array, *, inside: float, outside: float, job: Job) -> dict[str, Array]:
    """Sure subject, sure background, unknown."""
    job.progress(0, 1, "Drawing the trimap")
    return {"trimap": make_trimap(alpha, inside, outside)}


def estimate_foreground(image: Array, alpha: Array, *, job: Job) -> dict[str, Array]:
    """The subject's own colours at its edge."""
    return _coloured(image, alpha, job)


def clothes(image: Array, *, model: str, preprocess: str, job: Job) -> dict[str, Array]:
    """A mask for each class of clothes."""
    network = job.model(model)
    masks: dict[str, list[Array]] = {name.replace(" ", "_"): [] for name in network.card.classes[1:]}
    for index in range(len(image)):
        job.progress(index, len(image), "Finding clothes")
        probabilities = estimate_classes(network, image[index : index + 1], preprocess)[0]
        for one, mask in zip(masks.values(), probabilities[1:], strict=True):
            one.append(mask)
    job.progress(len(image), len(image), "Finding clothes")
    return {name: library(image).stack(made) for name, made in masks.items()}


def _coloured(image: Array, alpha: Array, job: Job, *, freed: bool = True) -> dict[str, Array]:
    if not job.wants("foreground", "cutout"):
        return {}
    if job.wants("foreground"):
        foreground = free_foreground(image, alpha, job.progress) if freed else rgb_of(image)
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
