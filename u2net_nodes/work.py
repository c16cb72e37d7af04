"""One operation on ComfyUI's tensors, device and memory."""

from __future__ import annotations

from collections.abc import Mapping

import comfy.model_management as management  # pyright: ignore[reportMissingImports]
import torch
from torch import Tensor

from ..shared_core import OutOfMemory, run
from ..shared_core.models.memory import out_of_memory
from ..shared_core.spec import Kind, Operation
from .errors import user_language
from .models import ComfyModels
from .notices import show_notice
from .pictures import for_comfyui, for_core
from .progress import comfy_progress, show_preview

__all__ = ["perform"]

CPU = torch.device("cpu")
WORKING_COPIES = 12
"""how many times its pictures' size an operation needs on the device, about"""


def perform(operation: Operation, linked: Mapping[str, Tensor | None], settings: Mapping[str, object], models: ComfyModels) -> dict[str, Tensor]:
    """The outputs of an operation, by name, where ComfyUI wants pictures between nodes.

    The whole batch is worked at once on ComfyUI's device; where that is too small picture by picture, then on the CPU.

    Args:
        operation: what to do.
        linked: pictures and faces by input name, as nodes hand them on.
        settings: parameters by name; those left out take their defaults.
        models: where models come from.
    Raises: the core's errors.
    """
    pictures = for_core(operation, linked)
    batch = max((len(picture) for picture in _pixels(pictures)), default=1)
    device = management.get_torch_device()
    # what is cropped by its content is cropped alike within a batch, faces tell by its number which picture they are of, and a film is seen as one
    together = any(one.any_size for one in operation.outputs) or any(one.kind == "faces" for one in (*operation.inputs, *operation.outputs))
    together = together or bool(settings.get("steady"))
    alone = batch if together else 1
    ways = [(batch, device)] + ([(alone, device)] if batch > alone else []) + ([(alone, CPU)] if device != CPU else [])
    for number, (size, place) in enumerate(ways, start=1):
        try:
            return _worked(operation, pictures, settings, models, batch, size, place)
        except OutOfMemory:
            if number == len(ways):
                raise
        management.soft_empty_cache()  # out of the except block, whose traceback would hold the failed try's memory
    raise AssertionError("the last way returns or raises")


def _worked(
    operation: Operation, pictures: Mapping[str, Tensor], settings: Mapping[str, object], models: ComfyModels, batch: int, size: int, place: torch.device
) -> dict[str, Tensor]:
    made: list[dict[str, Tensor]] = []
    starts = range(0, batch, size)
    for piece, start in enumerate(starts):
        part = {name: picture[start : start + size] if len(picture) == batch else picture for name, picture in pictures.items()}
        if place.type != "cpu":
            management.free_memory(sum(picture.nbytes for picture in part.values()) * WORKING_COPIES, place)
        width, height = max((picture.shape[2], picture.shape[1]) for picture in _pixels(part))
        with out_of_memory(str(place), width, height):
            on_device = {name: picture.to(place) for name, picture in part.items()}
            progress = comfy_progress(piece, len(starts))
            outputs = run(operation.id, on_device, settings, models=models, progress=progress)
            progress(1, 1, "")
            for notice in outputs.notices:
                show_notice(notice.text(user_language()))
            kinds: dict[str, Kind] = {one.name: one.kind for one in operation.outputs}
            made.append({name: for_comfyui(outputs[name], kinds[name], management.intermediate_device()) for name in outputs})
            shown = sorted((one for one in kinds if kinds[one] != "faces"), key=lambda name: kinds[name] != "cutout")
            if shown:
                show_preview(made[-1][shown[0]])
    return made[0] if len(made) == 1 else {name: torch.cat([one[name] for one in made]) for name in made[0]}


def _pixels(pictures: Mapping[str, Tensor]) -> list[Tensor]:
    """Without the faces, whose rows are numbers."""
    return [picture for picture in pictures.values() if picture.ndim > 2]
