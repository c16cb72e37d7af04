"""What GIMP asks when it starts: which procedures there are. Nothing here touches the worker, the network or a model."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GObject  # noqa: E402

from .arguments import declare  # noqa: E402
from .specification import HERE, procedure, procedures  # noqa: E402
from .texts import _  # noqa: E402

__all__ = ["U2Studio"]

SETTINGS = "plug-in-u2studio-settings"


class U2Studio(Gimp.PlugIn):
    """The plug-in."""

    def do_set_i18n(self, _name: str) -> Any:
        return (True, "u2studio", None) if (HERE / "locale").is_dir() else False

    def do_query_procedures(self) -> list[str]:
        return [*(one["name"] for one in procedures()), SETTINGS]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        return self._settings(name) if name == SETTINGS else self._operation(name)

    def _operation(self, name: str) -> Gimp.Procedure:
        data = procedure(name)
        made = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, _run, data)
        made.set_image_types("RGB*, GRAY*, INDEXED*")
        sensitive = Gimp.ProcedureSensitivityMask
        made.set_sensitivity_mask(sensitive.DRAWABLE | sensitive.DRAWABLES)
        made.set_menu_label(_(data["label"]).format(title=_(data["title"])))
        made.add_menu_path(data["menu"])
        made.set_documentation(_(data["blurb"]), None, None)
        made.set_attribution("u2studio", "u2studio", "2026")
        declare(made, data)
        return made

    def _settings(self, name: str) -> Gimp.Procedure:
        made = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, _show_settings, None)
        made.set_menu_label(_("Settings and Status…"))
        made.add_menu_path("<Image>/Filters/u2studio")
        made.set_documentation(_("The worker behind u2studio: whether it runs, on what, with which models, and what it said."), None, None)
        made.set_attribution("u2studio", "u2studio", "2026")
        made.add_enum_argument("run-mode", "Run mode", "Run mode", Gimp.RunMode, Gimp.RunMode.INTERACTIVE, GObject.ParamFlags.READWRITE)
        return made


def _run(*call: Any) -> Any:
    from .job import run  # noqa: PLC0415 (a query does not need it)

    return run(*call)


def _show_settings(called: Gimp.Procedure, config: Any, _data: None) -> Any:
    from .settings import show  # noqa: PLC0415

    if config.get_property("run-mode") == Gimp.RunMode.INTERACTIVE:
        show(called)
    return called.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
