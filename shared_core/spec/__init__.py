"""All operations as data. Standard library only: hosts that must not load torch read this."""

from __future__ import annotations

from .faces import OPERATIONS as _FACES
from .finishing import OPERATIONS as _FINISHING
from .matting import OPERATIONS as _MATTING
from .operation import Input, Kind, Operation, Output
from .parameters import Choice, Colour, Integer, ModelChoice, Number, Option, Parameter, Switch
from .portrait import OPERATIONS as _PORTRAIT

__all__ = [
    "OPERATIONS",
    "Choice",
    "Colour",
    "Input",
    "Integer",
    "Kind",
    "ModelChoice",
    "Number",
    "Operation",
    "Option",
    "Output",
    "Parameter",
    "Switch",
]

OPERATIONS: tuple[Operation, ...] = (*_MATTING, *_FINISHING, *_PORTRAIT, *_FACES)
