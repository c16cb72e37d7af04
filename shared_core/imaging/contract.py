"""Pictures checked against the specification, once, at the door."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..arrays import Array, as_array, as_tensor, floats, is_array, is_on_cpu, library
from ..errors import BadInput
from ..spec import Input, Operation
from .cutout import as_floats

__all__ = ["FACE_NUMBERS", "checked_pictures"]

FACE_NUMBERS = 7
"""in a row of the kind "faces"; see `spec.operation.Kind`"""


def checked_pictures(operation: Operation, images: Mapping[str, Array]) -> dict[str, Array | None]:
    """Every input of `operation`, images as float32 or uint8, alphas and trimaps as float32 0..1, faces as float32.

    All pictures are of one batch size, of one height and width but for those of any size, and in one place: on the CPU they are arrays, elsewhere tensors.

    A missing optional input is None. Raises: BadInput, naming the input and what is wrong with it.
    """
    known = {one.name: one for one in operation.inputs}
    for name in images:
        if name not in known:
            raise BadInput("{operation} takes no input '{name}'; it takes: {known}.", operation=operation.id, name=name, known=", ".join(known))
    checked: dict[str, Array | None] = {}
    for name, one in known.items():
        if name not in images and not one.optional:
            raise BadInput("{operation} needs the input '{name}'.", operation=operation.id, name=name)
        if name in images:
            picture = _checked(one, images[name])
            checked[name] = as_array(picture) if is_on_cpu(picture) else picture
        else:
            checked[name] = None
    pictures = {name: picture for name, picture in checked.items() if known[name].kind != "faces"}
    _check_one_size({name: picture for name, picture in pictures.items() if picture is not None and not known[name].any_size})
    checked |= _one_batch({name: picture for name, picture in pictures.items() if not known[name].per_face})
    for name, faces in checked.items():
        if known[name].kind == "faces" and faces is not None:
            _check_faces(operation, name, faces, checked)
    return checked


def _checked(one: Input, picture: Array) -> Array:
    if not is_array(picture):
        raise BadInput("{name} is a {found}; it must be an array or a tensor.", name=one.name, found=type(picture).__name__)
    shape = "×".join(str(n) for n in picture.shape)
    if one.kind == "faces":
        if picture.ndim != 2 or picture.shape[1] != FACE_NUMBERS:
            raise BadInput("{name} has the shape {shape}; it must be a row of {numbers} numbers for each face.",
                           name=one.name, shape=shape, numbers=FACE_NUMBERS)  # fmt: skip
        return floats(picture)
    if one.kind in ("alpha", "trimap"):
        if picture.ndim != 3:
            raise BadInput("{name} has the shape {shape}; it must be batch×height×width.", name=one.name, shape=shape)
    elif picture.ndim != 4 or picture.shape[-1] not in ((4,) if one.kind == "cutout" else (3, 4)):
        raise BadInput("{name} has the shape {shape}; it must be batch×height×width×3 or ×4.", name=one.name, shape=shape)
    if 0 in picture.shape:
        raise BadInput("{name} has the shape {shape}: it holds no pixels.", name=one.name, shape=shape)
    holds = str(picture.dtype).removeprefix("torch.")
    if holds == "uint8":
        return as_floats(picture) if one.kind in ("alpha", "trimap") else picture
    if "float" not in holds:
        raise BadInput("{name} holds {found}; it must hold float32 in 0 to 1, or uint8.", name=one.name, found=str(picture.dtype))
    picture = floats(picture)
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0.0 and high <= 1.0):  # false for NaN too: min and max pass it on
        if not math.isfinite(low) or not math.isfinite(high):
            raise BadInput("{name} holds numbers that are not finite (NaN or infinity).", name=one.name)
        raise BadInput("{name} holds values from {low:g} to {high:g}; they must lie in 0 to 1.", name=one.name, low=low, high=high)
    return picture


def _check_faces(operation: Operation, name: str, faces: Array, checked: Mapping[str, Array | None]) -> None:
    """Every face must be a box in a picture there is, and have its own of the pictures that come one for each face."""
    batch = max(len(picture) for one in operation.inputs if one.kind != "faces" and not one.per_face and (picture := checked[one.name]) is not None)
    for row in faces.tolist():
        picture, _left, _top, width, height, _roll, _score = row
        if not all(map(math.isfinite, row)) or width <= 0 or height <= 0:
            raise BadInput("{name} holds a box that is none: {row}.", name=name, row=", ".join(f"{number:g}" for number in row))
        if picture != int(picture) or not 0 <= picture < batch:
            raise BadInput("{name} holds a face of picture {picture:g}; pictures are counted from 0 to {last}.", name=name, picture=picture, last=batch - 1)
    for one in operation.inputs:
        if one.per_face and (pictures := checked[one.name]) is not None and len(pictures) != len(faces):
            raise BadInput("{name} holds {found} pictures for {faces} faces; give one for each.", name=one.name, found=len(pictures), faces=len(faces))


def _check_one_size(pictures: Mapping[str, Array]) -> None:
    sizes = {name: (picture.shape[1], picture.shape[2]) for name, picture in pictures.items()}
    for name, (height, width) in sizes.items():
        first, (first_height, first_width) = next(iter(sizes.items()))
        if (height, width) != (first_height, first_width):
            raise BadInput("{name} is {width}×{height} pixels, {first} is {first_width}×{first_height}; they must be of one size.",
                           name=name, width=width, height=height, first=first, first_width=first_width, first_height=first_height)  # fmt: skip


def _one_batch(pictures: dict[str, Array | None]) -> dict[str, Array | None]:
    given = {name: picture for name, picture in pictures.items() if picture is not None}
    batch = max(len(picture) for picture in given.values())
    first = next(iter(given.values()))
    for name, picture in given.items():
        if len(picture) not in (1, batch):
            raise BadInput("{name} holds {found} pictures, another input {batch}; give the same number, or one.", name=name, found=len(picture), batch=batch)
        here: Array = as_array(picture) if is_on_cpu(first) else as_tensor(picture).to(first.device)
        pictures[name] = here if len(here) == batch else library(here).broadcast_to(here, (batch, *here.shape[1:]))
    return pictures
