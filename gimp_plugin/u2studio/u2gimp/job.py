"""One call of a procedure: ask, compute, then touch the image."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gi.repository import Gegl, Gimp, GLib

from .arguments import argument, masks, pictures, values
from .client import Client, WorkerError
from .drawables import layers_of, selection_meets, uses_selection
from .pixels import colour_type, mask_type, read_mask, read_picture
from .protocol import Plane
from .results import Made, deliver
from .specification import default_parameters
from .texts import _
from .worker import ProgressBar, client

__all__ = ["failed", "run"]


def run(procedure: Gimp.Procedure, mode: Gimp.RunMode, image: Gimp.Image, drawables: Sequence[Gimp.Drawable], config: Any, data: dict[str, Any]) -> Any:
    """What GIMP calls. Never raises: GIMP would only say "execution error"."""
    try:
        if mode == Gimp.RunMode.INTERACTIVE:
            from .dialog import agreed  # noqa: PLC0415 (without a display, GimpUi ends the process)

            if not agreed(procedure, config, data, drawables):
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        _work(image, drawables, config, data)
    except WorkerError as error:
        if error.kind == "Cancelled":
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        return failed(procedure, error.text(_))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return failed(procedure, f"{type(error).__name__}: {error}")
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def failed(procedure: Gimp.Procedure, text: str) -> Any:
    """The values to return when nothing was done, with a text that reaches the user."""
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


def _work(image: Gimp.Image, drawables: Sequence[Gimp.Drawable], config: Any, data: dict[str, Any]) -> None:
    result = config.get_property("result") if len(data["results"]) > 1 else data["results"][0]
    existing = config.get_property("existing") if "layer-mask" in data["results"] else "replace"
    layers = layers_of(image, drawables, data, result)
    title = _(data["title"])
    Gimp.progress_init(title)
    bar = ProgressBar(len(layers))
    worker = client(bar)
    made, apart = [], []
    for bar.part, layer in enumerate(layers):
        if selection_meets(image, layer):
            made.append(_made(worker, image, layer, config, data, result))
        else:
            apart.append(layer.get_name())
    if made:
        deliver(image, made, result, existing, title)
    Gimp.progress_end()
    Gimp.displays_flush()
    if apart:
        Gimp.message(_("Nothing was done where the selection and the layer do not meet: {names}").format(names=", ".join(apart)))
    for one in made:
        for notice in one.notices:
            Gimp.message(f"{one.layer.get_name()}: {notice}")


def _made(worker: Client, image: Gimp.Image, layer: Gimp.Layer, config: Any, data: dict[str, Any], result: str) -> Made:
    """Let the worker compute what `result` needs of one layer. Raises: WorkerError."""
    uses = _uses(data["outputs"], result, config)
    kind = colour_type(image, colours_return="colours" in uses.values())
    wanted = {name: kind if use == "colours" else mask_type(image) for name, use in uses.items()}
    from_selection = uses_selection(image, layer, data)
    planes = [plane for one in data["inputs"] if (plane := _input(image, layer, one, kind, config, from_selection))]
    answer = worker.run(data["operation"], _in_layer(values(config, data), layer), planes, wanted)
    found = {use: answer.planes[name] for name, use in uses.items()}
    if result == "trimap" and "trimap" not in found:
        drawn = worker.run("trimap", default_parameters("trimap"), [replace(found["alpha"], name="alpha")], {"trimap": mask_type(image)})
        found = {"trimap": drawn.planes["trimap"]}
    if any(plane.shape[:2] != (layer.get_height(), layer.get_width()) for plane in found.values()):
        raise WorkerError("The answer is not of the size of '{name}'.", name=layer.get_name())  # GIMP would drop the pixels without a word
    return Made(layer, found, answer.provenance, answer.notices, ignores_selection=from_selection)


def _in_layer(params: dict[str, Any], layer: Gimp.Layer) -> dict[str, Any]:
    """Places that the user reads off the image, as the layer's own."""
    if params.get("face") not in ("box", "nearest"):
        return params
    _found, left, top = layer.get_offsets()
    return {**params, "x": params["x"] - left, "y": params["y"] - top}


def _uses(outputs: Sequence[dict[str, str]], result: str, config: Any) -> dict[str, str]:
    """Which outputs a result is made of, and as what."""

    def first(*kinds: str) -> str:
        return next(one["name"] for kind in kinds for one in outputs if one["kind"] == kind)

    if result == "new-layer" and len(pictures(outputs)) > 1:
        return {config.get_property("picture"): "colours"}
    if result in ("new-layer", "in-place"):
        return {first("cutout", "image") if result == "new-layer" else first("image"): "colours"}
    if result == "trimap" and any(one["kind"] == "trimap" for one in outputs):
        return {first("trimap"): "trimap"}
    alpha = config.get_property("mask") if len(masks(outputs)) > 1 else first("alpha", "map")
    return {"foreground": "colours", alpha: "alpha"} if result == "foreground" else {alpha: "alpha"}


def _input(image: Gimp.Image, layer: Gimp.Layer, data: dict[str, Any], kind: str, config: Any, from_selection: bool) -> Plane | None:
    """The plane of one input; None for an optional one that there is not."""
    name, source = data["name"], data["from"]
    _found, left, top = layer.get_offsets()
    place = Gegl.Rectangle.new(left, top, layer.get_width(), layer.get_height())
    if source == "layer":
        return read_picture(layer, name, kind, alpha=data["kind"] == "cutout")
    if source == "drawable":
        other = config.get_property(argument(name))
        return read_picture(other, name, kind) if other else None
    if source == "channel":
        other = config.get_property(argument(name))
        return read_mask(other, name, mask_type(image), place) if other else None
    if from_selection:
        return read_mask(image.get_selection(), name, mask_type(image), place)
    mask = layer.get_mask()
    return read_mask(mask, name, mask_type(image)) if mask else None
