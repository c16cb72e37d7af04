"""`u2studio operations`: what there is, from the specification."""

from __future__ import annotations

import click

from ..spec import OPERATIONS, Choice, Colour, Integer, ModelChoice, Number, Operation, Parameter, Switch
from ..spec.parameters import unreachable
from .console import say

__all__ = ["operations"]


@click.command(help=say("Show what there is, with every parameter."))
@click.option("--json", "as_json", is_flag=True, help=say("The whole specification as JSON."))
def operations(as_json: bool) -> None:
    """Print every operation."""
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(operation) for operation in OPERATIONS], ensure_ascii=False, indent=2))
        return
    click.echo("\n\n".join(_described(operation) for operation in OPERATIONS))


def _described(operation: Operation) -> str:
    lines = [f"{operation.id}  {say(operation.title)}: {say(operation.summary)}"]
    lines += [f"  ← {one.name} ({one.kind}{'?' if one.optional else ''})  {say(one.help)}" for one in operation.inputs]
    lines += [f"    {one.name}: {_range(one)}  {say(one.help)}" for one in operation.parameters]
    lines += [f"  → {one.name} ({one.kind})  {say(one.help)}" for one in operation.outputs]
    return "\n".join(lines)


def _range(parameter: Parameter) -> str:
    match parameter:
        case Number() | Integer():
            return f"{parameter.low:g}…{parameter.high:g}{parameter.unit and ' ' + parameter.unit} [{parameter.default:g}]"
        case Choice():
            return "|".join(option.id for option in parameter.options) + f" [{parameter.default}]"
        case Switch():
            return f"true|false [{str(parameter.default).lower()}]"
        case Colour():
            return f"#rrggbb [{parameter.default}]"
        case ModelChoice():
            return f"{say('model')} [{parameter.default}]"
        case _:
            return unreachable(parameter)
