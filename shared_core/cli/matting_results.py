"""What `u2studio matte` makes of one photo: the pictures of each `--output`, each by an operation behind the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..door import operation, run
from ..progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..imaging.files import Metadata, Picture
    from ..models.source import ModelSource

__all__ = ["OUTPUTS", "Result", "results_of"]

OUTPUTS = {
    "cutout": ("estimate_foreground", "cutout"),
    "alpha": ("matte", "alpha"),
    "trimap": ("trimap", "trimap"),
    "foreground": ("estimate_foreground", "foreground"),
    "composite": ("composite", "image"),
    "sheet": ("sheet", "image"),
}
"""--output → the operation that makes it from image, alpha, foreground and background, and which of its outputs it is"""
IN_OWN_COLOURS = ("cutout", "foreground")
"""these keep the photo's own profile; the others mix it with colours that are sRGB, or hold none"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One picture to write."""

    output: str
    pixels: np.ndarray
    metadata: Metadata
    provenance: Mapping[str, object]


def results_of(
    picture: Picture,
    outputs: tuple[str, ...],
    params: Mapping[str, Mapping[str, object]],
    background: Tensor | None,
    *,
    models: ModelSource,
    progress: Progress,
) -> list[Result]:
    """Run the operations that `outputs` need on one photo; the network once.

    Args:
        picture: the photo.
        outputs: keys of `OUTPUTS`.
        params: by operation id.
        background: for "composite", [1, h, w, 3 or 4]; None uses the colour.
        models: where models come from.
        progress: told of each step.
    Returns: one result per output, in their order.
    Raises: as `run`.
    """
    import torch

    srgb = {"image": torch.from_numpy(picture.pixels)[None]}
    if background is not None:
        srgb["background"] = background
    matted = run("matte", {"image": srgb["image"]}, params["matte"], models=models, progress=progress, wanted=("alpha",))
    srgb["alpha"] = matted["alpha"]
    own = srgb if picture.own is picture.pixels else {"image": torch.from_numpy(picture.own)[None], "alpha": matted["alpha"]}
    results: list[Result] = []
    for output in outputs:
        known = own if output in IN_OWN_COLOURS else srgb
        _make(output, outputs, known, params, models, progress)
        keeps = picture.metadata if output in IN_OWN_COLOURS else replace(picture.metadata, icc=None)
        provenance = {"output": output, **matted.provenance, "figures": dict(matted.figures)}
        results.append(Result(output=output, pixels=known[_name(output)][0].numpy(), metadata=keeps, provenance=provenance))
    return results


def _make(
    output: str, outputs: tuple[str, ...], known: dict[str, Tensor], params: Mapping[str, Mapping[str, object]], models: ModelSource, progress: Progress
) -> None:
    """Put the picture of an output into `known`, and with it all that the same run can make."""
    operation_id, _ = OUTPUTS[output]
    if _name(output) in known:
        return
    if operation_id == "composite" and "foreground" not in known:
        known |= run("estimate_foreground", _inputs("estimate_foreground", known), models=models, progress=progress, wanted=("foreground",))
    wanted = [OUTPUTS[one][1] for one in outputs if OUTPUTS[one][0] == operation_id]
    made = run(operation_id, _inputs(operation_id, known), params.get(operation_id), models=models, progress=progress, wanted=wanted)
    known |= {_name(one): made[OUTPUTS[one][1]] for one in outputs if OUTPUTS[one][0] == operation_id}


def _name(output: str) -> str:
    """What an output is called among the pictures made; "image" is the photo there."""
    name = OUTPUTS[output][1]
    return output if name == "image" else name


def _inputs(operation_id: str, known: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {one.name: known[one.name] for one in operation(operation_id).inputs if one.name in known}
