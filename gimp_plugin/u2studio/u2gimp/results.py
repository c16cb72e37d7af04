"""What becomes of the worker's answer in the image. Everything here happens after all computing, inside one undo group."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gi.repository import Gegl, Gimp

from .client import WorkerError
from .pixels import read_mask, store, write
from .protocol import Plane
from .specification import version
from .texts import _

__all__ = ["Made", "deliver", "undo_group"]

PARASITE = "u2studio"


@dataclass(frozen=True)
class Made:
    """One layer and what the worker made of it: planes by their use ("alpha", "trimap", "colours"), and how."""

    layer: Gimp.Layer
    planes: Mapping[str, Plane]
    provenance: Mapping[str, Any]
    notices: Sequence[str] = ()
    ignores_selection: bool = False
    """the selection was the mask that was handed in, so it does not bound the result as well"""


@contextlib.contextmanager
def undo_group(image: Gimp.Image) -> Iterator[None]:
    """All of the block is one step for the user."""
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


def deliver(image: Gimp.Image, made: list[Made], result: str, existing: str, title: str) -> None:
    """Put all results into the image, in one undo step."""
    with undo_group(image):
        if result == "selection":
            _select(image, made)
            return
        for one in made:
            with _bounds(image, one, opaque=result != "channel"):
                _deliver_one(image, one, result, existing, title)


def _deliver_one(image: Gimp.Image, made: Made, result: str, existing: str, title: str) -> None:
    if result == "layer-mask":
        _mask(image, made, existing, title)
    elif result in ("channel", "trimap"):
        _keep_channel(image, made, result, title)
    elif result == "in-place":
        _in_place(made)
    else:
        layer = _new_layer(image, made, title)
        if result == "foreground":
            _give_mask(image, layer, made)


def _sign(item: Gimp.Item, made: Made) -> None:
    """Say on a result how it was made. On what is new before it comes into the image: its coming is the step that can be undone."""
    text = json.dumps({"program": f"u2studio {version()}", **made.provenance}, ensure_ascii=False, sort_keys=True)
    item.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE, text.encode()))


def _mask(image: Gimp.Image, made: Made, existing: str, title: str) -> None:
    layer, alpha = made.layer, made.planes["alpha"]
    mask = layer.get_mask()
    if mask is None:
        _give_mask(image, layer, made)
        return
    if existing == "new-layer":
        copy = layer.copy()
        copy.set_name(_named(layer, title))
        _place_above(image, copy, layer)
        copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
        _give_mask(image, copy, made)
        return
    write(mask, _darker(image, mask, alpha) if existing == "combine" else alpha)
    _sign(mask, made)
    layer.set_edit_mask(False)


def _give_mask(image: Gimp.Image, layer: Gimp.Layer, made: Made) -> None:
    """A new mask. Outside the selection it hides nothing: there the layer stays as it was."""
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    _sign(mask, made)
    bounded = not Gimp.Selection.is_empty(image)
    if not bounded:
        store(mask, made.planes["alpha"])
    if not layer.add_mask(mask):
        raise WorkerError("GIMP did not let '{name}' have a mask.", name=layer.get_name())
    if bounded:
        write(mask, made.planes["alpha"])
    layer.set_edit_mask(False)  # else the mask, not the layer, would be what the next filter works on


def _darker(image: Gimp.Image, mask: Gimp.LayerMask, alpha: Plane) -> Plane:
    """The smaller of the two masks at each pixel, computed by GIMP."""
    height, width = alpha.shape
    scratch = Gimp.Channel.new(image, "u2studio", width, height, 100.0, Gegl.Color.new("black"))
    own = Gimp.Channel.new(image, "u2studio", width, height, 100.0, Gegl.Color.new("black"))
    store(scratch, alpha)
    store(own, read_mask(mask, "alpha", alpha.type))
    scratch.combine_masks(own, Gimp.ChannelOps.INTERSECT, 0, 0)
    darker = read_mask(scratch, "alpha", alpha.type)
    scratch.delete()
    own.delete()
    return darker


def _channel(image: Gimp.Image, made: Made, plane: Plane, name: str) -> Gimp.Channel:
    """A channel of the image's size with the plane where its layer lies, zero around it; not in the image yet."""
    channel = Gimp.Channel.new(image, name, image.get_width(), image.get_height(), 50.0, Gegl.Color.new("red"))
    _found, left, top = made.layer.get_offsets()
    store(channel, plane, left, top)
    return channel


def _keep_channel(image: Gimp.Image, made: Made, result: str, title: str) -> None:
    name = _named(made.layer, _("trimap") if result == "trimap" else title)
    channel = _channel(image, made, made.planes["trimap" if result == "trimap" else "alpha"], name)
    _sign(channel, made)
    channel.set_visible(False)
    if not Gimp.Selection.is_empty(image):
        channel.combine_masks(image.get_selection(), Gimp.ChannelOps.INTERSECT, 0, 0)
    with _layers_stay_active(image):
        image.insert_channel(channel, None, 0)


def _select(image: Gimp.Image, made: list[Made]) -> None:
    """The union of all results, within what was selected."""
    union = None
    for one in made:
        channel = _channel(image, one, one.planes["alpha"], "u2studio")
        if union is None:
            union = channel
        else:
            union.combine_masks(channel, Gimp.ChannelOps.ADD, 0, 0)
            channel.delete()
    bounded = not Gimp.Selection.is_empty(image) and not made[0].ignores_selection
    with _layers_stay_active(image):
        image.insert_channel(union, None, 0)
        image.select_item(Gimp.ChannelOps.INTERSECT if bounded else Gimp.ChannelOps.REPLACE, union)
        image.remove_channel(union)
    if len(made) == 1 and made[0].layer.has_alpha():
        image.select_item(Gimp.ChannelOps.INTERSECT, made[0].layer)


def _in_place(made: Made) -> None:
    layer, colours = made.layer, made.planes["colours"]
    locked = layer.get_lock_alpha()
    if colours.shape[2] == 3:  # transparency is not part of the answer, and must stay
        layer.set_lock_alpha(True)
    try:
        write(layer, colours)
    finally:
        layer.set_lock_alpha(locked)
    _sign(layer, made)


def _new_layer(image: Gimp.Image, made: Made, title: str) -> Gimp.Layer:
    source, colours = made.layer, made.planes["colours"]
    gray = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kind = Gimp.ImageType.GRAYA_IMAGE if gray else Gimp.ImageType.RGBA_IMAGE
    layer = Gimp.Layer.new(image, _named(source, title), source.get_width(), source.get_height(), kind, source.get_opacity(), source.get_mode())
    _sign(layer, made)
    bounded = not Gimp.Selection.is_empty(image)
    if not bounded:
        store(layer, colours)
    _place_above(image, layer, source)
    if bounded:
        write(layer, colours)
    if source.has_alpha():  # what is transparent stays so: GIMP multiplies
        layer.add_mask(source.create_mask(Gimp.AddMaskType.ALPHA))
        layer.remove_mask(Gimp.MaskApplyMode.APPLY)
    return layer


def _place_above(image: Gimp.Image, layer: Gimp.Layer, source: Gimp.Layer) -> None:
    image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
    _found, left, top = source.get_offsets()
    layer.set_offsets(left, top)


def _named(layer: Gimp.Layer, title: str) -> str:
    return f"{layer.get_name()} – {title}"


@contextlib.contextmanager
def _bounds(image: Gimp.Image, made: Made, *, opaque: bool) -> Iterator[None]:
    """In the block the selection is what bounds the result: what the user selected, and unless `opaque`, what the layer is not transparent at.

    Afterwards the selection is as it was.
    """
    bounded = not Gimp.Selection.is_empty(image)
    opaque = opaque or not made.layer.has_alpha()
    if opaque and not (bounded and made.ignores_selection):
        yield
        return
    with _layers_stay_active(image):
        kept = Gimp.Selection.save(image)
    Gimp.Selection.none(image)
    if not opaque:
        image.select_item(Gimp.ChannelOps.REPLACE, made.layer)
    if bounded and not made.ignores_selection:
        image.select_item(Gimp.ChannelOps.REPLACE if opaque else Gimp.ChannelOps.INTERSECT, kept)
    try:
        yield
    finally:
        image.select_item(Gimp.ChannelOps.REPLACE, kept)
        with _layers_stay_active(image):
            image.remove_channel(kept)


@contextlib.contextmanager
def _layers_stay_active(image: Gimp.Image) -> Iterator[None]:
    """A channel that comes or goes becomes the active drawable, and the next filter would get it."""
    layers = image.get_selected_layers()
    yield
    if layers:
        image.set_selected_layers(layers)
