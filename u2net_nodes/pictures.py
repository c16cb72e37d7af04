"""ComfyUI's tensors ↔ the core's: the same layout, but for masks of other shapes and sizes, overshooting values, and masks that mean "none".

Faces are numbers in a table, and pass as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..shared_core import BadInput
from ..shared_core.imaging.resize import enlarge_map
from ..shared_core.spec import Kind, Operation

__all__ = ["for_comfyui", "for_core"]

EMPTY_MASK = (64, 64)
"""height and width of the zero mask that LoadImage gives for pictures without transparency, whatever their size"""


def for_core(operation: Operation, linked: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
    """The pictures of an operation, float32 0..1, masks in the size of the picture; nothing that came in is modified.

    Args:
        operation: whose inputs they are.
        linked: IMAGE [B, H, W, C], MASK [B, H, W] or [H, W], and U2_FACES [N, 7] by input name, of any float type; None where nothing is linked.
    Raises: BadInput, for an empty mask where one is needed.
    """
    # upscalers and VAEs overshoot a little; NaN passes, for the core to refuse
    given = {one.name: _in_bounds(picture, one.kind) for one in operation.inputs if (picture := linked.get(one.name)) is not None}
    pictures: dict[str, Tensor] = {}
    size: tuple[int, int] | None = None
    for one in sorted(operation.inputs, key=lambda one: one.kind not in ("image", "cutout")):  # masks last: they follow the picture
        picture = given.get(one.name)
        if picture is None:
            continue
        if one.kind in ("image", "cutout"):
            size = size or (None if one.any_size else (picture.shape[1], picture.shape[2]))
        elif one.kind != "faces":
            picture = picture.reshape(-1, *picture.shape[-2:])
            if size and tuple(picture.shape[1:]) != size:
                if _means_none(picture):
                    if one.optional:
                        continue
                    raise BadInput("{name} is the empty mask that LoadImage gives for a picture without transparency. Connect a mask of the subject.",
                                   name=one.name)  # fmt: skip
                picture = enlarge_map(picture, *size)
        pictures[one.name] = picture
    return pictures


def for_comfyui(picture: Tensor, kind: Kind, device: torch.device) -> Tensor:
    """A picture, mask or list of faces as ComfyUI hands them on: float32, pixels in 0..1, contiguous, on `device`."""
    return _in_bounds(picture.to(device), kind).contiguous()


def _in_bounds(picture: Tensor, kind: Kind) -> Tensor:
    return picture.float() if kind == "faces" else picture.float().clamp(0.0, 1.0)


def _means_none(mask: Tensor) -> bool:
    return tuple(mask.shape[1:]) == EMPTY_MASK and not mask.any()
