"""The dialog of a procedure, from its arguments. GIMP brings last values, Reset, saved settings, Repeat and Re-Show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi  # noqa: E402

from .arguments import argument, masks, others_of, pictures  # noqa: E402
from .texts import _  # noqa: E402

__all__ = ["agreed"]

SHOWN = 6
"""arguments shown at once; the rest is behind "More settings" """


def agreed(procedure: Gimp.Procedure, config: Any, data: dict[str, Any], drawables: Sequence[Gimp.Drawable]) -> bool:
    """Show it; returns whether the user said OK, with their wishes in `config`."""
    GimpUi.init(procedure.get_name())
    dialog = GimpUi.ProcedureDialog.new(procedure, config, procedure.get_menu_label().rstrip("…"))
    names = [argument(one["name"]) for one in [*others_of(data), *data["parameters"]]]
    for parameter in data["parameters"]:
        if parameter["kind"] in ("number", "integer"):
            scale = dialog.get_scale_entry(argument(parameter["name"]), 1.0)
            scale.set_bounds(parameter["soft_low"], parameter["soft_high"], True)
    if "layer-mask" in data["results"] and any(_has_mask(one) for one in drawables):
        names.insert(0, "existing")
    if len(pictures(data["outputs"])) > 1:
        names.insert(0, "picture")
    if len(masks(data["outputs"])) > 1:
        names.insert(0, "mask")
    if len(data["results"]) > 1:
        names.insert(0, "result")
    if len(names) > SHOWN + 1:
        dialog.get_label("more-title", _("More settings"), False, False)
        dialog.fill_box("more-box", names[SHOWN:])
        dialog.fill_expander("more", "more-title", False, "more-box")
        names[SHOWN:] = ["more"]
    dialog.fill(names)
    said_ok = dialog.run()
    dialog.destroy()
    return said_ok


def _has_mask(drawable: Gimp.Drawable) -> bool:
    return isinstance(drawable, Gimp.LayerMask) or (isinstance(drawable, Gimp.Layer) and drawable.get_mask() is not None)
