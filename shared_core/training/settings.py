"""Tables as TOML gives them → frozen dataclasses: every key and value checked, every key of a recipe a field somewhere."""

from __future__ import annotations

import dataclasses
import math
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import BadInput
from ..spec.check import closest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

__all__ = ["Count", "Positive", "Range", "Share", "Table", "as_table", "changed", "differences", "read_settings"]

Table = Mapping[str, Any]
Kind = TypeVar("Kind")


@dataclasses.dataclass(frozen=True)
class Range:
    """The least and the greatest number a field may hold."""

    low: float
    high: float


Share = Annotated[float, Range(0, 1)]
Positive = Annotated[float, Range(0, 1e12)]
Count = Annotated[int, Range(0, 10**12)]


def read_settings(kind: type[Kind], table: Table, place: str = "") -> Kind:
    """Make a frozen dataclass from a table.

    Args:
        kind: a dataclass; its fields are bool, int, float, str, Literal, tuples of these, other dataclasses, or one of these or None.
        table: key → value; keys left out take the field's default.
        place: where the table stands, such as "loss", for error texts.
    Raises: BadInput, naming the key, the value and what is allowed; for an unknown key, the nearest one.
    """
    hints = get_type_hints(kind, include_extras=True)
    _refuse_unknown(table, list(hints), place)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # pyright: ignore[reportArgumentType]
    for name, field in fields.items():
        if name not in table and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadInput("The recipe lacks {name}; say it there or with --set {name}=….", name=_joined(place, name))
    return kind(**{name: _value(hints[name], value, _joined(place, name)) for name, value in table.items()})


def as_table(settings: object) -> dict[str, Any]:
    """A settings dataclass as a table again, every default written out, None left out."""

    def plain(value: object) -> object:
        if dataclasses.is_dataclass(value):
            return as_table(value)
        return [plain(one) for one in value] if isinstance(value, tuple) else value

    held = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}  # pyright: ignore[reportArgumentType]
    return {name: plain(value) for name, value in held.items() if value is not None}


def changed(table: Table, assignments: Sequence[str]) -> dict[str, Any]:
    """A copy of a table with `key=value` assignments made; keys have dots, values are TOML, or else plain text.

    Raises: BadInput, for what is no assignment.
    """
    result = _copied(table)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        *above, last = key.strip().split(".")
        if not equals or not all((*above, last)):
            raise BadInput("{assignment} is no setting; write it as key=value, such as loss.dice=0.5.", assignment=repr(assignment))
        inner = result
        for name in above:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                raise BadInput("{name} holds a value, not settings of its own; {key} cannot be set.", name=name, key=key.strip())
        inner[last] = _parsed(value.strip())
    return result


def differences(one: Table, other: Table, place: str = "") -> dict[str, tuple[Any, Any]]:
    """Key → both values, for every key of two tables that differs; None stands for a missing one."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in dict.fromkeys((*one, *other)):
        a, b = one.get(name), other.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found |= differences(a, b, _joined(place, name))
        elif a != b:
            found[_joined(place, name)] = (a, b)
    return found


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _copied(table: Table) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in table.items()}


def _parsed(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_unknown(table: Table, known: Sequence[str], place: str) -> None:
    for name in table:
        if name not in known:
            raise BadInput(
                "A recipe has no setting '{name}'; there are: {known}.{hint}",
                name=_joined(place, name), known=", ".join(known), hint=closest(name, known),
            )  # fmt: skip


def _value(hint: Any, value: object, name: str) -> object:
    """`value` as `hint` says. Raises: BadInput."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _number(arguments[0], value, name, arguments[1])
    if origin in (Union, types.UnionType):
        return _value(next(one for one in arguments if one is not type(None)), value, name)
    if origin is Literal:
        if value not in arguments:
            raise BadInput("{name} is {value}; it must be one of: {choices}.{hint}",
                           name=name, value=repr(value), choices=", ".join(arguments), hint=closest(str(value), arguments))  # fmt: skip
        return value
    if origin is tuple:
        return _tuple(arguments, value, name)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise BadInput("{name} is {value}; it must be a table of settings.", name=name, value=repr(value))
        return read_settings(hint, value, name)
    if hint is bool:
        if not isinstance(value, bool):
            raise BadInput("{name} is {value}; it must be true or false.", name=name, value=repr(value))
        return value
    if hint is str:
        if not isinstance(value, str):
            raise BadInput('{name} is {value}; it must be text, such as "this".', name=name, value=repr(value))
        return value
    return _number(hint, value, name, Range(-math.inf, math.inf))


def _tuple(arguments: tuple[Any, ...], value: object, name: str) -> tuple[object, ...]:
    values = value if isinstance(value, list) else [value]  # one is a list of one, so that --set data.train=FOLDER will do
    if arguments[-1] is Ellipsis:
        return tuple(_value(arguments[0], one, f"{name}[{index}]") for index, one in enumerate(values))
    if len(values) != len(arguments):
        raise BadInput("{name} is {value}; it must be a list of {count}.", name=name, value=repr(value), count=len(arguments))
    return tuple(_value(hint, one, f"{name}[{index}]") for index, (hint, one) in enumerate(zip(arguments, values, strict=True)))


def _number(kind: Any, value: object, name: str, allowed: Range) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not allowed.low <= value <= allowed.high or kind(value) != value:  # pyright: ignore[reportOperatorIssue]
        raise BadInput(
            "{name} is {value}; it must be a whole number from {low:g} to {high:g}{unit}."
            if kind is int
            else "{name} is {value}; it must be a number from {low:g} to {high:g}{unit}.",
            name=name, value=repr(value), low=allowed.low, high=allowed.high, unit="",
        )  # fmt: skip
    return kind(value)
