"""Node descriptions → ComfyUI's node classes. One renderer makes those of the operations; the loaders and the all-in-one have bodies of their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from comfy_api.latest import io, ui  # pyright: ignore[reportMissingImports]
from torch import Tensor

from ..shared_core import BadInput, U2StudioError, operation
from ..shared_core.spec import Choice, Colour, ModelChoice, Operation
from ..shared_core.spec.check import checked_value
from .description import FOLDER_LOADER, LOADER, REMOVE_BACKGROUND, FolderChoice, Node, Setting, Widget, all_nodes
from .errors import as_comfyui_errors, user_language
from .folders import check_folder, pictures_of, stamps
from .model_files import ModelFile, check_model, model_file
from .models import ComfyModels
from .schema import schema_of
from .work import perform

__all__ = ["node_classes"]

Values = Mapping[str, Any]
Body = Callable[[Node, Values], tuple[Any, ...]]
"""from the node's input values to its outputs"""


def node_classes() -> list[type[io.ComfyNode]]:
    """A class for every node there is."""
    own_bodies: dict[str, Body] = {LOADER: _load_model, FOLDER_LOADER: _load_folder, REMOVE_BACKGROUND: _remove_background}
    return [_node_class(node, own_bodies.get(node.id, _operate)) for node in all_nodes()]


def _node_class(node: Node, body: Body) -> type[io.ComfyNode]:
    defaults = {one.id: one.parameter.default for one in node.widgets}

    def define_schema(_cls: type[io.ComfyNode]) -> io.Schema:
        return schema_of(node)

    def execute(cls: type[io.ComfyNode], **values: Any) -> io.NodeOutput:
        with as_comfyui_errors():
            made = body(node, {**defaults, **values})
        return io.NodeOutput(*made, ui=ui.PreviewImage(made[0], cls=cls) if node.shows_result else None)

    members: dict[str, object] = {"define_schema": classmethod(define_schema), "execute": classmethod(execute), "__doc__": node.summary.text()}
    if checked := [one for one in node.widgets if isinstance(one.parameter, Choice | Colour | ModelChoice | FolderChoice)]:
        members["validate_inputs"] = classmethod(_validator(checked))
    if any(isinstance(one.parameter, ModelChoice | FolderChoice) for one in node.widgets):
        members["fingerprint_inputs"] = classmethod(_fingerprint(node))
    if any(one.lazy for one in node.slots):
        members["check_lazy_status"] = classmethod(_still_needed)
    return type(node.id, (io.ComfyNode,), members)


def _validator(checked: list[Widget]) -> Callable[..., bool | str]:
    """Checks what ComfyUI leaves out: it compares numbers with their bounds, but no text with the choices there are."""

    def validate_inputs(_cls: type[io.ComfyNode], **values: Any) -> bool | str:
        try:
            for one in checked:
                if (value := values.get(one.id)) is not None:  # None where it is linked
                    _check(one.parameter, value)
        except U2StudioError as error:
            return error.text(user_language())
        return True

    # ComfyUI no longer compares the numbers that a validator names, and a validator of **values names all
    names = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("cls", *(one.id for one in checked))]
    validate_inputs.__signature__ = inspect.Signature(names)  # pyright: ignore[reportFunctionMemberAccess]
    return validate_inputs


def _check(parameter: Setting, value: object) -> None:
    if isinstance(parameter, FolderChoice):
        check_folder(str(value))
        return
    checked_value(parameter, value)
    if isinstance(parameter, ModelChoice):
        check_model(str(value), parameter.task)


def _fingerprint(node: Node) -> Callable[..., object]:
    """A file that was replaced makes the node run again."""
    lists = [one.parameter for one in node.widgets if isinstance(one.parameter, ModelChoice | FolderChoice)]

    def fingerprint_inputs(_cls: type[io.ComfyNode], **values: Any) -> object:
        named = [(one, name) for one in lists if isinstance(name := values.get(one.name, one.default), str)]  # None where it is linked
        return [stamps(name) if isinstance(one, FolderChoice) else model_file(name, one.task).stamp for one, name in named]

    return fingerprint_inputs


def _still_needed(_cls: type[io.ComfyNode], **values: Any) -> list[str]:
    """The all-in-one's background picture is worked out only where it is used. None is a linked input that has not been, yet."""
    return ["background"] if values.get("fill") == "picture" and "background" in values and values["background"] is None else []


def _operate(node: Node, values: Values) -> tuple[Any, ...]:
    """The body of every operation's node: hand everything to the core."""
    job = node.operation
    assert job is not None
    settings = {one.id: values[one.id] for one in node.widgets}
    connected: dict[str, ModelFile] = {}
    for one in job.parameters:
        if isinstance(one, ModelChoice) and (file := values.get(one.name)) is not None:
            settings[one.name] = _connect(one, file, connected)
    made = perform(job, _linked(job, values), settings, ComfyModels(connected))
    return tuple(made[one.id] for one in node.outputs)


def _linked(job: Operation, values: Values) -> dict[str, Any]:
    return {one.name: values.get(one.name) for one in job.inputs}


def _connect(parameter: ModelChoice, file: ModelFile, connected: dict[str, ModelFile]) -> str:
    """Note that the parameter is answered by this file, and return the card's id that stands for it."""
    if file.card.task != parameter.task:
        raise BadInput("{file} is a model for {found}; this node needs one for {task}.", file=file.path.name, found=file.card.task, task=parameter.task)
    connected[file.card.id] = file
    return file.card.id


def _load_model(_node: Node, values: Values) -> tuple[ModelFile]:
    return (model_file(values["model"]),)


def _load_folder(_node: Node, values: Values) -> tuple[list[Tensor]]:
    return (pictures_of(values["folder"]),)


def _remove_background(node: Node, values: Values) -> tuple[Any, ...]:
    for one in node.widgets:
        _check(one.parameter, values[one.id])
    matte, composite = operation("matte"), operation("composite")
    connected: dict[str, ModelFile] = {}
    settings = {one.name: values[one.name] for one in matte.parameters}
    parameter = matte.parameter("model")
    assert isinstance(parameter, ModelChoice)
    settings["model"] = _connect(parameter, model_file(values["model"], parameter.task), connected)
    made = perform(matte, _linked(matte, values), settings, ComfyModels(connected))
    if values["fill"] == "transparent":
        return made["cutout"], made["alpha"]
    pictures = {"foreground": made["foreground"], "alpha": made["alpha"]}
    behind: dict[str, object] = {"colour": values["colour"]}
    if values["fill"] == "picture":
        if values.get("background") is None:
            raise BadInput("The new background is picture, but no picture is connected to background.")
        pictures["background"] = values["background"]
    elif values["fill"] == "blurred":
        pictures["background"] = values["image"]
        behind["fill"] = "blurred"
    return perform(composite, pictures, behind, ComfyModels())["image"], made["alpha"]
