"""Node descriptions → ComfyUI's V3 schemas."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from comfy_api.latest import io  # pyright: ignore[reportMissingImports]

from ..shared_core.spec import Choice, Colour, Integer, ModelChoice, Number, Switch
from ..shared_core.spec.parameters import unreachable
from .description import FolderChoice, Node, Slot, Widget
from .folders import folders
from .model_files import choices

__all__ = ["schema_of"]


def schema_of(node: Node) -> io.Schema:
    """The schema of a node. ComfyUI asks for it often: nothing here is slow or has effects."""
    return _made(
        io.Schema,
        node_id=node.id,
        display_name=node.title.text(),
        category=node.category,
        description=node.summary.text(),
        inputs=[_linked(one) if isinstance(one, Slot) else _set(one) for one in node.inputs],
        outputs=[_made(_type(one).Output, display_name=one.title.text(), tooltip=one.tooltip.text(), is_output_list=one.one_by_one) for one in node.outputs],
        is_output_node=node.shows_result,
    )


def _made(kind: Callable[..., Any], *positional: object, **named: object) -> Any:
    """`kind(…)` without the keywords that this version of ComfyUI does not know and would fail on."""
    known = inspect.signature(kind).parameters
    return kind(*positional, **{name: value for name, value in named.items() if name in known})


def _type(one: Slot) -> Any:
    return {"IMAGE": io.Image, "MASK": io.Mask}.get(one.type) or io.Custom(one.type)


def _linked(one: Slot) -> Any:
    return _made(_type(one).Input, one.id, display_name=one.title.text(), tooltip=one.tooltip.text(), optional=one.optional, lazy=True if one.lazy else None)


def _set(one: Widget) -> Any:
    # optional: prompts for the server that were saved before a setting was added do not hold it, and must still run
    said = {"display_name": one.title.text(), "tooltip": one.tooltip.text(), "optional": True}
    match one.parameter:
        case Number(default=default, low=low, high=high, step=step):
            return _made(io.Float.Input, one.id, **said, default=default, min=low, max=high, step=step)
        case Integer(default=default, low=low, high=high):
            # the page would give one called seed a second widget, which draws a new number for every run
            return _made(io.Int.Input, one.id, **said, default=default, min=low, max=high, step=1, control_after_generate=False)
        case Switch(default=default):
            return _made(io.Boolean.Input, one.id, **said, default=default)
        case Choice(default=default, options=options):
            return _made(io.Combo.Input, one.id, **said, default=default, options=[option.id for option in options])
        case ModelChoice(default=default, task=task):
            return _made(io.Combo.Input, one.id, **said, default=default, options=choices(task))
        case FolderChoice():
            return _made(io.Combo.Input, one.id, **said, options=folders())
        case Colour(default=default):
            return _made(io.String.Input, one.id, **said, default=default)
        case _:
            return unreachable(one.parameter)
