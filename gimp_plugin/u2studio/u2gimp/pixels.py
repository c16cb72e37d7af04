"""Pixels out of GIMP and into it, as bytes. babl converts; Python never looks at one."""

from __future__ import annotations

from gi.repository import Babl, Gegl, Gimp

from .client import WorkerError
from .protocol import Plane

__all__ = ["colour_type", "mask_type", "read_mask", "read_picture", "store", "write"]

BABL = {"u8": "u8", "u16": "u16", "f32": "float"}
"""a plane's type → babl's name for it"""


def mask_type(image: Gimp.Image) -> str:
    """The type for masks: 8 bits where the image has no more, else 16."""
    return "u8" if _precision(image).startswith("u8") else "u16"


def colour_type(image: Gimp.Image, *, colours_return: bool) -> str:
    """The type for colours.

    A network sees 8 or 16 bits of sRGB. Colours that come back must not be clipped to sRGB, so those of wide gamuts and of float images travel as floats.
    """
    precision = _precision(image)
    if colours_return and (image.get_color_profile() is not None or not precision.startswith(("u8", "u16"))):
        return "f32"
    return "u8" if precision == "u8-non-linear" else "u16"


def _precision(image: Gimp.Image) -> str:
    return image.get_precision().value_nick


def read_picture(layer: Gimp.Drawable, name: str, kind: str, *, alpha: bool = False) -> Plane:
    """The layer's colours as the user sees them, filters included: sRGB, and straight alpha where it has transparency (or where `alpha` asks for it)."""
    family = "R'G'B'A" if alpha or layer.has_alpha() else "R'G'B'"
    if layer.get_filters() and not layer.is_group():
        seen = layer.copy()
        try:
            seen.merge_filters()
            return _read(seen, name, kind, "R'G'B'A" if seen.has_alpha() else family)
        finally:
            seen.delete()
    return _read(layer, name, kind, family)


def read_mask(mask: Gimp.Channel, name: str, kind: str, area: Gegl.Rectangle | None = None) -> Plane:
    """A mask's values, 0 hides; of `area` (in its own coordinates, also beyond its edge, where it hides)."""
    return _read(mask, name, kind, _family(mask), area)


def _family(mask: Gimp.Channel) -> str:
    """Masks and selections are linear. A channel of an 8-bit image is not, yet GIMP uses its numbers as they are, and so must we."""
    return "Y'" if Babl.format_get_encoding(mask.get_format()).startswith("Y'") else "Y"


def _read(drawable: Gimp.Drawable, name: str, kind: str, family: str, area: Gegl.Rectangle | None = None) -> Plane:
    area = area or Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    data = drawable.get_buffer().get(area, 1.0, f"{family} {BABL[kind]}", Gegl.AbyssPolicy.NONE)
    channels = {"R'G'B'A": (4,), "R'G'B'": (3,)}.get(family, ())
    return Plane(name, kind, (area.height, area.width, *channels), data)


def store(drawable: Gimp.Drawable, plane: Plane, left: int = 0, top: int = 0) -> None:
    """Put a plane into a drawable that is not part of the image yet: no undo, no selection. What reaches over its edge is dropped."""
    height, width = plane.shape[:2]
    right, bottom = min(left + width, drawable.get_width()), min(top + height, drawable.get_height())
    inside = Gegl.Rectangle.new(max(left, 0), max(top, 0), right - max(left, 0), bottom - max(top, 0))
    if inside.width <= 0 or inside.height <= 0:
        return
    form = _format(drawable, plane)
    if (inside.width, inside.height) == (width, height):
        drawable.get_buffer().set(inside, form, plane.data)
        return
    Gegl.init(None)  # only a buffer of our own needs it
    whole = Gegl.Buffer.new(form, left, top, width, height)  # GIMP's own buffers take no pixel outside themselves
    whole.set(Gegl.Rectangle.new(left, top, width, height), form, plane.data)
    whole.copy(inside, Gegl.AbyssPolicy.NONE, drawable.get_buffer(), inside)


def write(drawable: Gimp.Drawable, plane: Plane) -> None:
    """Put a plane into a drawable of its size, as one undo step and inside the selection only. Raises: WorkerError, when GIMP refuses."""
    width, height = drawable.get_width(), drawable.get_height()
    shadow = drawable.get_shadow_buffer()
    shadow.set(Gegl.Rectangle.new(0, 0, width, height), _format(drawable, plane), plane.data)
    shadow.flush()
    if not drawable.merge_shadow(True):
        raise WorkerError("GIMP did not let the pixels of '{name}' be changed.", name=drawable.get_name())
    drawable.update(0, 0, width, height)


def _format(drawable: Gimp.Drawable, plane: Plane) -> str:
    family = {3: "R'G'B'", 4: "R'G'B'A"}[plane.shape[2]] if len(plane.shape) == 3 else _family(drawable)
    return f"{family} {BABL[plane.type]}"
