"""Command-line options made from the specification's parameters."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..errors import BadInput
from ..spec import Choice, Colour, Integer, ModelChoice, Number, Operation, Parameter, Switch
from ..spec.check import checked_parameters
from ..spec.parameters import unreachable
from .console import LANGUAGE, say

__all__ = ["options_for", "parameters_from", "runtime_options"]


def options_for(operation: Operation, prefix: str = "") -> list[click.Option]:
    """One option for each parameter, `--edge-width`; with a prefix, `--trimap-inside`."""
    return [_option(parameter, prefix) for parameter in operation.parameters]


def parameters_from(operation: Operation, options: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """The checked parameters of `operation` among the values click parsed. Raises: click.UsageError, also for a model that there is not."""
    from ..models.cards import card

    given = {parameter.name: options[_key(parameter, prefix)] for parameter in operation.parameters}
    try:
        for parameter in operation.parameters:
            if isinstance(parameter, ModelChoice):
                card(str(given[parameter.name]))
        return checked_parameters(operation, given)
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error


def runtime_options() -> list[click.Option]:
    """Where and how exactly models run."""
    return [
        click.Option(["--device"], default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help=say("Where models run.")),
        click.Option(
            ["--precision"], default="auto", show_default=True, type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
            help=say("How exactly they compute; auto is as fast as it can be without changing the mask."),
        ),
    ]  # fmt: skip


def _key(parameter: Parameter, prefix: str) -> str:
    return f"{prefix}_{parameter.name}" if prefix else parameter.name


def _option(parameter: Parameter, prefix: str) -> click.Option:
    flag = "--" + _key(parameter, prefix).replace("_", "-")
    text = say(parameter.help)
    match parameter:
        case Number() | Integer():
            unit = f" {parameter.unit}" if parameter.unit else ""
            text = f"{text} ({parameter.low:.10g}…{parameter.high:.10g}{unit})"
            kind = click.FLOAT if isinstance(parameter, Number) else click.INT
            return click.Option([flag], type=kind, default=parameter.default, show_default=True, metavar=(parameter.unit or "N").upper(), help=text)
        case Choice():
            return click.Option([flag], type=click.Choice([one.id for one in parameter.options]), default=parameter.default, show_default=True, help=text)
        case Switch():
            return click.Option([f"{flag}/--no-{flag[2:]}"], default=parameter.default, show_default=True, help=text)
        case Colour():
            return click.Option([flag], default=parameter.default, show_default=True, metavar="#RRGGBB", help=text)
        case ModelChoice():
            return click.Option([flag], default=parameter.default, show_default=True, metavar="ID", help=text)
        case _:
            return unreachable(parameter)
