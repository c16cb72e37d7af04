"""What an operation is, as data: its pictures in, its parameters, its pictures out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .parameters import Parameter

__all__ = ["Input", "Kind", "Operation", "Output"]

Kind = Literal["image", "cutout", "alpha", "trimap", "map", "faces"]
"""image: [B, H, W, C], C = 3 or 4, float32 0..1 or uint8, sRGB, straight alpha. cutout: the same with C = 4.
alpha: [B, H, W], 1 = keep. trimap: [B, H, W], 0 = background, 0.5 = unknown, 1 = foreground.
map: [B, H, W], 0..1, a measure of each pixel. faces: float32 [N, 7], a row a face: picture of the batch; left, top, width, height of its box, px;
how far the head is turned anticlockwise, degrees (the box with it, about its centre); score, 0..1."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """What an operation takes; an `optional` one may be left out. Pictures but those of `any_size` must agree in height and width.

    Of pictures `per_face` there is one for each row of the faces; all others are one for each picture of the batch.
    """

    name: str
    kind: Kind
    title: str
    help: str
    optional: bool = False
    any_size: bool = False
    per_face: bool = False


@dataclass(frozen=True, kw_only=True)
class Output:
    """What an operation makes; a picture is of the size of what it was given unless it is of `any_size`."""

    name: str
    kind: Kind
    title: str
    help: str
    any_size: bool = False
    own_colours: bool = False
    """its colours are not the first picture's, as a drawing's are not: nothing of that picture's colours beyond sRGB belongs to them"""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One job. `id` is append-only and never renamed; `family` names the module of `pipelines` that holds a function called `id`."""

    id: str
    family: str
    title: str
    summary: str
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`. Raises KeyError."""
        return {parameter.name: parameter for parameter in self.parameters}[name]
