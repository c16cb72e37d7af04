"""Pictures checked against the specification, once, at the door."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import BadInput
from ..spec import Input, Operation

__all__ = ["checked_pictures"]


def checked_pictures(operation: Operation, images: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
    """Every input of `operation`, images as float32 or uint8, alphas and trimaps as float32 0..1.

    All are of one batch size, on one device, and of one height and width but for those of any size.

    A missing optional input is None. Raises: BadInput, naming the input and what is wrong with it.
    """
    known = {one.name: one for one in operation.inputs}
    for name in images:
        if name not in known:
            raise BadInput("{operation} takes no input '{name}'; it takes: {known}.", operation=operation.id, name=name, known=", ".join(known))
    checked: dict[str, Tensor | None] = {}
    for name, one in known.items():
        if name not in images and not one.optional:
            raise BadInput("{operation} needs the input '{name}'.", operation=operation.id, name=name)
        checked[name] = _checked(one, images[name]) if name in images else None
    _check_one_size({name: picture for name, picture in checked.items() if picture is not None and not known[name].any_size})
    return _one_batch(checked)


def _checked(one: Input, picture: Tensor) -> Tensor:
    if not isinstance(picture, Tensor):
        raise BadInput("{name} is a {found}; it must be a tensor.", name=one.name, found=type(picture).__name__)
    shape = "×".join(str(n) for n in picture.shape)
    if one.kind in ("alpha", "trimap"):
        if picture.ndim != 3:
            raise BadInput("{name} has the shape {shape}; it must be batch×height×width.", name=one.name, shape=shape)
    elif picture.ndim != 4 or picture.shape[-1] not in ((4,) if one.kind == "cutout" else (3, 4)):
        raise BadInput("{name} has the shape {shape}; it must be batch×height×width×3 or ×4.", name=one.name, shape=shape)
    if picture.numel() == 0:
        raise BadInput("{name} has the shape {shape}: it holds no pixels.", name=one.name, shape=shape)
    if picture.dtype == torch.uint8:
        return picture.float().div_(255) if one.kind in ("alpha", "trimap") else picture
    if not picture.is_floating_point():
        raise BadInput("{name} holds {found}; it must hold float32 in 0 to 1, or uint8.", name=one.name, found=str(picture.dtype))
    picture = picture.float()
    low, high = (float(value) for value in picture.aminmax())
    if not (low >= 0.0 and high <= 1.0):  # false for NaN too: aminmax passes it on
        if not math.isfinite(low) or not math.isfinite(high):
            raise BadInput("{name} holds numbers that are not finite (NaN or infinity).", name=one.name)
        raise BadInput("{name} holds values from {low:g} to {high:g}; they must lie in 0 to 1.", name=one.name, low=low, high=high)
    return picture


def _check_one_size(pictures: Mapping[str, Tensor]) -> None:
    sizes = {name: (picture.shape[1], picture.shape[2]) for name, picture in pictures.items()}
    for name, (height, width) in sizes.items():
        first, (first_height, first_width) = next(iter(sizes.items()))
        if (height, width) != (first_height, first_width):
            raise BadInput("{name} is {width}×{height} pixels, {first} is {first_width}×{first_height}; they must be of one size.",
                           name=name, width=width, height=height, first=first, first_width=first_width, first_height=first_height)  # fmt: skip


def _one_batch(pictures: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
    given = {name: picture for name, picture in pictures.items() if picture is not None}
    batch = max(len(picture) for picture in given.values())
    device = next(iter(given.values())).device
    for name, picture in given.items():
        if len(picture) not in (1, batch):
            raise BadInput("{name} holds {found} pictures, another input {batch}; give the same number, or one.", name=name, found=len(picture), batch=batch)
        pictures[name] = picture.to(device).expand(batch, *picture.shape[1:])
    return pictures
