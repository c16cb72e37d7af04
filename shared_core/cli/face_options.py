"""Which faces, as one says it on the command line: `--face largest`, `--face-at 300,200`, `--face-box 10,20,80,80`, `--whole`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from .console import say

__all__ = ["CHOSEN_BY_FACE_OPTIONS", "face_options", "face_parameters"]

CHOSEN_BY_FACE_OPTIONS = frozenset({"face", "number", "x", "y", "width", "height"})
"""parameters of operations on faces that these options stand for"""
_NAMES = {"face": "--face", "face_at": "--face-at", "face_box": "--face-box", "whole": "--whole"}


class _Numbers(click.ParamType):
    """As many numbers as its name has parts, separated by commas."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_metavar(self, *_: object, **__: object) -> str:
        return self.name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        try:
            numbers = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != len(self.name.split(",")):
            self.fail(say("{value} is not {form}: numbers of pixels with commas between them.", value=repr(value), form=self.name), param, ctx)
        return numbers


class _Which(click.ParamType):
    """all, largest, or a number from 1."""

    name = "face"

    def get_metavar(self, *_: object, **__: object) -> str:
        return "all|largest|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if text not in ("all", "largest") and not (text.isascii() and text.isdigit() and int(text)):
            self.fail(say("{value} is not one of all, largest, or a number from 1.", value=repr(value)), param, ctx)
        return text


def face_options() -> list[click.Option]:
    """The options; at most one of them may be given."""
    return [
        click.Option([_NAMES["face"]], type=_Which(), show_default="all",
                     help=say("Draw all faces, the largest, or the one of this number, counted from the left.")),
        click.Option([_NAMES["face_at"]], type=_Numbers("X,Y"), help=say("Draw the face nearest to this point.")),
        click.Option([_NAMES["face_box"]], type=_Numbers("X,Y,W,H"),
                     help=say("Draw the face in this box, which reaches from mid-forehead to chin; nothing is looked for.")),
        click.Option([_NAMES["whole"]], is_flag=True, help=say("Draw the picture as a whole, as it is; nothing is looked for.")),
    ]  # fmt: skip


def face_parameters(options: Mapping[str, object]) -> dict[str, object]:
    """The values of `CHOSEN_BY_FACE_OPTIONS` that click's values stand for, but for those that keep their defaults. Raises: click.UsageError."""
    given = [name for name in _NAMES if options[name]]
    if len(given) > 1:
        raise click.UsageError(say("{one} and {other} exclude each other.", one=_NAMES[given[0]], other=_NAMES[given[1]]))
    match given:
        case ["whole"]:
            return {"face": "whole"}
        case ["face_at"]:
            return {"face": "nearest", **_named(options["face_at"], "x", "y")}
        case ["face_box"]:
            return {"face": "box", **_named(options["face_box"], "x", "y", "width", "height")}
        case ["face"] if options["face"] not in ("all", "largest"):
            return {"face": "number", "number": int(str(options["face"]))}
    return {"face": options["face"] or "all"}


def _named(numbers: object, *names: str) -> dict[str, object]:
    assert isinstance(numbers, tuple)
    return dict(zip(names, numbers, strict=True))
