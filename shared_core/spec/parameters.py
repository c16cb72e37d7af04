"""The closed union of parameter kinds. They describe jobs, not widgets: no field names a host.

A host renders each kind with `match` and `assert_never`, so a kind added here is a type error wherever it is not yet rendered.
Hard ranges (`low`, `high`) are what a value must lie in; soft ranges (`soft_low`, `soft_high`) are what a slider shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Union

__all__ = ["Choice", "Colour", "Integer", "ModelChoice", "Number", "Option", "Parameter", "Switch", "unreachable"]


@dataclass(frozen=True, kw_only=True)
class _Named:
    name: str
    title: str
    help: str


@dataclass(frozen=True, kw_only=True)
class Number(_Named):
    """A float in low..high; `unit` is the symbol a user reads ("px", "%", or none)."""

    default: float
    low: float
    high: float
    soft_low: float
    soft_high: float
    step: float
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Integer(_Named):
    """A whole number in low..high."""

    default: int
    low: int
    high: int
    soft_low: int
    soft_high: int
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Switch(_Named):
    """On or off."""

    default: bool


@dataclass(frozen=True)
class Option:
    """One answer of a `Choice`: `id` is stored and typed, `title` is read. It works where the `extra` of this name is installed."""

    id: str
    title: str
    extra: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice(_Named):
    """One of a few named answers."""

    default: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Colour(_Named):
    """An sRGB colour, "#rrggbb"."""

    default: str


@dataclass(frozen=True, kw_only=True)
class ModelChoice(_Named):
    """A card id; the cards of `task` are the ones to offer."""

    default: str
    task: str


Parameter = Union[Number, Integer, Switch, Choice, Colour, ModelChoice]


def unreachable(parameter: NoReturn) -> NoReturn:
    """The last `case _` of a match over the kinds; a type error where one is missing. (typing.assert_never, which 3.10 lacks)"""
    raise AssertionError(f"no case for {parameter!r}")
