"""Pictures for the checks, calls through the PDB, and pixels read back. Runs inside GIMP."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

PHOTO = os.environ["CHECK_PHOTO"]
WORKER = os.environ["CHECK_WORKER"].split("\x1f")
KEPT = Path("/kept")
"""what is written here reaches the test outside"""
LEFT, TOP = 67, -21
"""where the photo's layer lies on the canvas"""


def photo(kind: str = "rgb", precision: str = "u8-non-linear", *, size: int = 192, alpha: bool = False):
    """An image of 240 x 200 pixels with the photo, `size` pixels square, as a layer that reaches over its edges."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(PHOTO))
    if precision != "u8-non-linear":
        image.convert_precision(next(value for value in Gimp.Precision.__enum_values__.values() if value.value_nick == precision))
    image.scale(size, size)
    layer = image.get_layers()[0]
    layer.set_name("photo")
    image.resize(240, 200, 0, 0)
    layer.set_offsets(LEFT, TOP)
    if kind == "gray":
        image.convert_grayscale()
    if alpha:
        layer.add_alpha()
        image.select_ellipse(Gimp.ChannelOps.REPLACE, LEFT, TOP, 40, 40)
        layer.edit_clear()
        Gimp.Selection.none(image)
    if kind == "indexed":
        image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 255, False, False, "")
    copy = image.duplicate()  # a file loaded by a script has no undo
    image.delete()
    return copy, copy.get_layers()[0]


def asked_for(data: dict, layer) -> dict:
    """What a procedure cannot do without beside its layer: another layer, for which the same will do."""
    return {one["name"]: layer for one in data["inputs"] if one["from"] == "drawable" and not one["optional"]}


def call(name: str, image, drawables, mode=Gimp.RunMode.NONINTERACTIVE, **settings):
    """Call plug-in-u2studio-NAME; returns its status and, where it failed, its text."""
    procedure = Gimp.get_pdb().lookup_procedure(f"plug-in-u2studio-{name}")
    assert procedure is not None, f"{name} did not register"
    config = procedure.create_config()
    config.set_property("run-mode", mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for key, value in settings.items():
        config.set_property(key.replace("_", "-"), value)
        taken = config.get_property(key.replace("_", "-"))
        assert taken == value or isinstance(value, Gegl.Color), f"{key} = {value} was not taken"
    result = procedure.run(config)
    status = result.index(0)
    return status, result.index(1) if status != Gimp.PDBStatusType.SUCCESS and result.length() > 1 else ""


def done(name: str, image, drawables, **settings) -> None:
    """Call, and fail when it did not succeed."""
    status, text = call(name, image, drawables, **settings)
    assert status == Gimp.PDBStatusType.SUCCESS, f"{name}: {status.value_nick}: {text}"


def refused(sentence: str, name: str, image, drawables, **settings) -> None:
    """Call, and fail unless it is refused with these words and leaves the image as it was."""
    before = everything(image)
    status, text = call(name, image, drawables, **settings)
    assert status != Gimp.PDBStatusType.SUCCESS, f"{name} was not refused"
    assert sentence in text, f"{name}: {text!r} does not say {sentence!r}"
    assert everything(image) == before, f"{name} was refused, yet changed the image"


def pixels(drawable, form: str | None = "Y u8") -> bytes:
    """All of it."""
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return drawable.get_buffer().get(area, 1.0, form, Gegl.AbyssPolicy.NONE)


def own_pixels(drawable) -> bytes:
    """In the drawable's own format: what must stay bit-identical."""
    return pixels(drawable, None)


def digest(drawable) -> str:
    """Changes with every bit of its pixels."""
    return hashlib.sha256(own_pixels(drawable)).hexdigest()[:12]


def everything(image):
    """All that a plug-in could change; pixels bit by bit."""
    layers, groups = [], list(image.get_layers())
    while groups:
        layer = groups.pop(0)
        groups += layer.get_children() if layer.is_group() else []
        mask = layer.get_mask()
        layers.append((layer.get_name(), tuple(layer.get_offsets()), digest(layer), mask and digest(mask), layer.get_edit_mask(), layer.get_lock_alpha()))
    channels = [(channel.get_name(), digest(channel)) for channel in image.get_channels()]
    active = [drawable.get_id() for drawable in image.get_selected_drawables()]
    return layers, channels, digest(image.get_selection()), active


def worker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`u2studio worker …`, as a user would type it."""
    return subprocess.run([*WORKER, *arguments], capture_output=True, text=True, check=False, env={"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]})


def good(what: str) -> None:
    """One line in the test's output."""
    print("check:", what, flush=True)  # noqa: T201
