"""Settings and status: the worker, where it computes, its models, and what it said last."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, Gtk  # noqa: E402

from .client import Watcher, WorkerError  # noqa: E402
from .places import log_file  # noqa: E402
from .specification import installed, version  # noqa: E402
from .texts import _  # noqa: E402
from .worker import client, device, set_device  # noqa: E402

__all__ = ["show"]

DEVICES = ("auto", "cpu", "cuda", "mps")
LOG_LINES = 200
REFRESH, START, STOP = 1, 2, 3


class _Patient(Watcher):
    """Keeps the dialog drawn while the worker starts."""

    def waiting(self) -> None:
        while Gtk.events_pending():
            Gtk.main_iteration()


class _Dialog:
    def __init__(self, title: str) -> None:
        self.window = GimpUi.Dialog(title=title)
        self.window.set_default_size(620, 420)
        self.window.add_button(_("_Refresh"), REFRESH)
        self.start = self.window.add_button(_("Start _worker"), START)
        self.stop = self.window.add_button(_("S_top worker"), STOP)
        self.window.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
        box = self.window.get_content_area()
        box.set_border_width(12)
        box.set_spacing(12)
        self.grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        box.pack_start(self.grid, False, False, 0)
        self.state = self._row(0, _("Worker"))
        self.models = self._row(1, _("Models here"))
        self.python = self._row(2, _("Python"))
        self.grid.attach(Gtk.Label(label=_("Compute on"), xalign=0.0), 0, 3, 1, 1)
        self.device = Gtk.ComboBoxText()
        for name in DEVICES:
            self.device.append(name, {"auto": _("Automatic"), "cpu": _("Processor"), "cuda": _("NVIDIA GPU"), "mps": _("Apple GPU")}[name])
        self.device.set_active_id(device())
        self.device.set_tooltip_text(_("A running worker is stopped; the next job starts one that computes there."))
        self.device.connect("changed", self._chosen)
        self.grid.attach(self.device, 1, 3, 1, 1)
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN)
        self.log = Gtk.TextView(editable=False, monospace=True, wrap_mode=Gtk.WrapMode.WORD_CHAR, left_margin=6, right_margin=6)
        scrolled.add(self.log)
        box.pack_start(scrolled, True, True, 0)
        self.refresh()
        self.window.show_all()

    def _row(self, row: int, label: str) -> Gtk.Label:
        self.grid.attach(Gtk.Label(label=label, xalign=0.0, yalign=0.0), 0, row, 1, 1)
        value = Gtk.Label(xalign=0.0, wrap=True, selectable=True, hexpand=True)
        self.grid.attach(value, 1, row, 1, 1)
        return value

    def refresh(self) -> None:
        """Ask the worker, read its log."""
        try:
            status = client().status()
            text = _said(status)
        except WorkerError as error:
            status, text = {}, error.text(_)
        self.state.set_text(text)
        self.models.set_text(", ".join(status.get("models", [])) if status else "–")
        self.python.set_text(" ".join(installed().get("command", [])[:2]) or _("not known: run 'u2studio gimp install'"))
        self.start.set_sensitive(not status)
        self.stop.set_sensitive(status is not None)
        try:
            lines = log_file().read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        except OSError:
            lines = []
        self.log.get_buffer().set_text("\n".join(lines))

    def _chosen(self, _box: Any) -> None:
        set_device(self.device.get_active_id())
        self.answer(STOP)

    def answer(self, response: int) -> None:
        """Do what a button says."""
        try:
            if response == START:
                client(_Patient()).start()
            elif response == STOP:
                client().stop()
        except WorkerError as error:
            Gimp.message(error.text(_))
        self.refresh()


def _said(status: dict[str, Any] | None) -> str:
    if status is None:
        return _("not running; it starts with the first job and ends after ten minutes without one")
    return _("running: process {pid}, device {device}, {jobs} jobs now").format(pid=status["pid"], device=status["device"], jobs=status["jobs"])


def show(procedure: Gimp.Procedure) -> None:
    """Show it until it is closed."""
    GimpUi.init(procedure.get_name())
    dialog = _Dialog(_("u2studio {version}: settings and status").format(version=version()))
    while (response := dialog.window.run()) in (REFRESH, START, STOP):
        dialog.answer(response)
    dialog.window.destroy()
