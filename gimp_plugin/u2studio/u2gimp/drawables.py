"""Which layers a call is about, and which of them cannot be used, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Gimp

from .client import WorkerError

__all__ = ["layers_of", "selection_meets", "uses_selection"]

COLOURS = ("new-layer", "foreground", "in-place")


def layers_of(image: Gimp.Image, drawables: Sequence[Gimp.Drawable], data: dict[str, Any], result: str) -> list[Gimp.Layer]:
    """The layers to work on, each once. Raises: WorkerError, naming the first that cannot be used."""
    layers = []
    for drawable in drawables:
        # somebody who paints on a mask has the mask as the active drawable: the layer is meant
        layer = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
        if layer not in layers:
            layers.append(layer)
    if not layers:
        raise WorkerError("Select a layer first.")
    for layer in layers:
        _check(image, layer, result)
        if _takes_mask(data) and layer.get_mask() is None and Gimp.Selection.is_empty(image):
            raise WorkerError("'{name}' has no mask: give it one, or select the subject.", name=layer.get_name())
    return layers


def uses_selection(image: Gimp.Image, layer: Gimp.Layer, data: dict[str, Any]) -> bool:
    """Whether the mask that is handed in is the selection: where the layer has none, and where it is the selection that shall be made better."""
    if not _takes_mask(data) or Gimp.Selection.is_empty(image):
        return False
    return layer.get_mask() is None or data["results"] == ["selection"]


def _takes_mask(data: dict[str, Any]) -> bool:
    """Whether it cannot do without one."""
    return any(one["from"] == "mask" and not one["optional"] for one in data["inputs"])


def _check(image: Gimp.Image, layer: Gimp.Drawable, result: str) -> None:
    name = layer.get_name()
    if not isinstance(layer, Gimp.Layer):
        raise WorkerError("'{name}' is a channel; select a layer instead.", name=name)
    if layer.is_floating_sel():
        raise WorkerError("'{name}' is a floating selection: anchor it, or make it a layer.", name=name)
    if result in COLOURS and image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise WorkerError("The image has a palette, which new colours would be pressed into: change it to RGB (Image › Mode), or ask for a mask.")
    if result != "in-place":
        return
    if layer.is_group():
        raise WorkerError("'{name}' is a layer group: its pixels are those of its layers. Ask for a new layer.", name=name)
    if layer.is_text_layer():
        raise WorkerError("'{name}' is a text layer, which would lose its text. Ask for a new layer.", name=name)
    parent = layer
    while parent is not None:  # a locked group locks what it holds, which the layer itself does not say
        if parent.get_lock_content():
            raise WorkerError("The pixels of '{name}' are locked. Unlock them, or ask for a new layer.", name=parent.get_name())
        parent = parent.get_parent()


def selection_meets(image: Gimp.Image, layer: Gimp.Layer) -> bool:
    """Whether something of the layer lies in the selection; yes where nothing is selected."""
    return Gimp.Selection.is_empty(image) or layer.mask_intersect()[0]
