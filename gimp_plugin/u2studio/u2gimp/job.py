"""One call of a procedure: ask, compute, then touch the image."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

from gi.repository import Gegl, Gimp, GLib

from .arguments import values
from .client import Client, WorkerError
from .drawables import layers_of, selection_meets
from .pixels import colour_type, mask_type, read_mask, read_picture
from .protocol import Plane
from .results import Made, deliver
from .specification import default_parameters
from .texts import _
from .worker import ProgressBar, client

__all__ = ["failed", "run"]

COLOUR_OUTPUTS = {"new-layer": ("cutout", "foreground", "image"), "in-place": ("foreground", "image")}
"""what a new layer and what new pixels are made of, best first"""


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
            made.append(_made(worker, image, layer, values(config, data), data, result))
        else:
            apart.append(layer.get_name())
    if made:
        deliver(image, made, result, existing, title)
    Gimp.progress_end()
    Gimp.displays_flush()
    if apart:
        Gimp.message(_("Nothing was done where the selection and the layer do not meet: {names}").format(names=", ".join(apart)))


def _made(worker: Client, image: Gimp.Image, layer: Gimp.Layer, params: dict[str, Any], data: dict[str, Any], result: str) -> Made:
    """Let the worker compute what `result` needs of one layer."""
    outputs = data["outputs"]
    if result == "foreground":
        uses = {"foreground": "colours", "alpha": "alpha"}
    elif result in ("new-layer", "in-place"):
        uses = {next(name for name in COLOUR_OUTPUTS[result] if name in outputs): "colours"}
    elif result == "trimap" and "trimap" in outputs:
        uses = {"trimap": "trimap"}
    else:
        uses = {"alpha": "alpha"}
    kind = colour_type(image, colours_return="colours" in uses.values())
    wanted = {name: kind if use == "colours" else mask_type(image) for name, use in uses.items()}
    from_selection = layer.get_mask() is None
    planes = [_input(image, layer, one, kind, from_selection) for one in data["inputs"]]
    answer = worker.run(data["operation"], params, planes, wanted)
    found = {use: answer.planes[name] for name, use in uses.items()}
    if result == "trimap" and "trimap" not in found:
        drawn = worker.run("trimap", default_parameters("trimap"), [found["alpha"]], {"trimap": mask_type(image)})
        found = {"trimap": drawn.planes["trimap"]}
    takes_mask = any(one["kind"] == "alpha" for one in data["inputs"])
    return Made(layer, found, answer.provenance, ignores_selection=takes_mask and from_selection)


def _input(image: Gimp.Image, layer: Gimp.Layer, data: dict[str, str], kind: str, from_selection: bool) -> Plane:
    if data["kind"] == "image":
        return read_picture(layer, data["name"], kind)
    if not from_selection:
        return read_mask(layer.get_mask(), data["name"], mask_type(image))
    _found, left, top = layer.get_offsets()
    area = Gegl.Rectangle.new(left, top, layer.get_width(), layer.get_height())
    return read_mask(image.get_selection(), data["name"], mask_type(image), area)
