"""What may follow the matte on the command line: operations whose parameters are options of `u2studio matte` too."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ..door import operation
from .console import say
from .options import options_for, parameters_from

__all__ = ["chain_options", "chain_parameters"]

ALWAYS = {"trimap": "trimap", "composite": "composite"}
"""operation → what its options begin with; done for the --output that needs it"""
BY_FLAG = {"despill": "despill", "drop_shadow": "shadow", "crop_to_subject": "crop"}
"""the same; done when the option of this name is given, or one that begins with it"""
BY_VALUE = {"clean_up": "clean"}
"""the same; done when one of its options is given, for by default it changes nothing"""
FOLLOWING = {**BY_VALUE, **BY_FLAG, **ALWAYS}


def chain_options() -> list[click.Option]:
    """The options of everything that may follow."""
    options: list[click.Option] = []
    for name, prefix in FOLLOWING.items():
        if name in BY_FLAG:
            options.append(click.Option([f"--{prefix}"], is_flag=True, help=say(operation(name).summary)))
        options += options_for(operation(name), prefix=prefix)
    return options


def chain_parameters(options: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The checked parameters of `matte` and of every operation to do, by operation. Raises: click.UsageError."""
    params = {"matte": parameters_from(operation("matte"), options)}
    for name, prefix in FOLLOWING.items():
        values = parameters_from(operation(name), options, prefix)
        defaults = {one.name: one.default for one in operation(name).parameters}
        if name in ALWAYS or values != defaults or options.get(prefix):
            params[name] = values
    return params
