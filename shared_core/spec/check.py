"""Parameters checked against the specification, once, at the door."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from ..errors import BadInput
from .operation import Operation
from .parameters import Choice, Colour, Integer, ModelChoice, Number, Parameter, Switch, unreachable

__all__ = ["checked_parameters", "checked_value", "closest"]


def checked_parameters(operation: Operation, params: Mapping[str, object]) -> dict[str, object]:
    """Every parameter of `operation` with a valid value: the given one, else its default.

    Raises: BadInput, naming the parameter, the value and what is allowed.
    """
    known = {parameter.name: parameter for parameter in operation.parameters}
    for name in params:
        if name not in known:
            raise BadInput(
                "{operation} has no parameter '{name}'; it has: {known}.{hint}",
                operation=operation.id, name=name, known=", ".join(known) or "none", hint=closest(name, known),
            )  # fmt: skip
    return {name: checked_value(parameter, params.get(name, parameter.default)) for name, parameter in known.items()}


def checked_value(parameter: Parameter, value: object) -> object:
    """`value` as this parameter's own type. Raises: BadInput."""
    match parameter:
        case Number():
            return _in_range(parameter, value, float)
        case Integer():
            return _in_range(parameter, value, int)
        case Switch():
            if not isinstance(value, bool):
                raise BadInput("{name} is {value}; it must be true or false.", name=parameter.name, value=repr(value))
            return value
        case Choice():
            ids = [option.id for option in parameter.options]
            if value not in ids:
                raise BadInput("{name} is {value}; it must be one of: {choices}.{hint}",
                               name=parameter.name, value=repr(value), choices=", ".join(ids), hint=closest(str(value), ids))  # fmt: skip
            return value
        case Colour():
            if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
                raise BadInput("{name} is {value}; it must be a colour such as #ff8800.", name=parameter.name, value=repr(value))
            return value.lower()
        case ModelChoice():  # which cards exist is the model source's knowledge; it answers with their names
            if not isinstance(value, str) or not value:
                raise BadInput("{name} is {value}; it must be the name of a model.", name=parameter.name, value=repr(value))
            return value
        case _:
            return unreachable(parameter)


def _in_range(parameter: Number | Integer, value: object, kind: Callable[[float], float]) -> float:
    # bool is an int in Python, but True is nobody's idea of a radius. The range comes first: NaN, infinity and huge integers end there
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not parameter.low <= value <= parameter.high or kind(value) != value:  # pyright: ignore[reportArgumentType, reportOperatorIssue]
        unit = f" {parameter.unit}" if parameter.unit else ""
        raise BadInput(
            "{name} is {value}; it must be a whole number from {low:g} to {high:g}{unit}."
            if isinstance(parameter, Integer)
            else "{name} is {value}; it must be a number from {low:g} to {high:g}{unit}.",
            name=parameter.name, value=repr(value), low=parameter.low, high=parameter.high, unit=unit,
        )  # fmt: skip
    return kind(value)  # pyright: ignore[reportArgumentType]


def closest(word: str, known: Iterable[str]) -> str:
    """Points to the known word nearest to `word`, or is empty."""
    near = get_close_matches(word, list(known), 1)
    return f" → {near[0]}?" if near else ""
