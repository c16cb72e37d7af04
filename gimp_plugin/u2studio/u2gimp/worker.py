"""The worker, seen from GIMP: its progress in GIMP's own bar, its notes in GIMP's language."""

from __future__ import annotations

import time

from gi.repository import Gimp

from .client import Client, Watcher
from .specification import installed
from .texts import _, language

__all__ = ["ProgressBar", "client", "device", "set_device"]

DEVICE = "u2studio-device"


class ProgressBar(Watcher):
    """GIMP's progress bar, of which each of `parts` jobs gets an equal share."""

    def __init__(self, parts: int) -> None:
        self.parts, self.part = parts, 0
        self._known = False
        self._shown = 0.0
        self._text = ""

    def progress(self, done: int, total: int, note: str) -> None:
        self._say(note)
        if done and total:
            self._known = True
            Gimp.progress_update(min(1.0, (self.part + done / total) / self.parts))
        self._shown = time.monotonic()

    def waiting(self) -> None:
        if not self._known and time.monotonic() - self._shown > 0.2:
            Gimp.progress_pulse()
            self._shown = time.monotonic()

    def notice(self, sentence: str, *, lasting: bool = False) -> None:
        self._say(_(sentence))
        if lasting:
            Gimp.message(_(sentence))

    def _say(self, text: str) -> None:
        if text != self._text:
            self._text = text
            Gimp.progress_set_text(text)


def client(watcher: Watcher | None = None) -> Client:
    """The user's worker."""
    command = installed().get("command", [])
    return Client([*command, "--device", device()] if command else [], watcher, language())


def device() -> str:
    """Where a worker that is started from GIMP computes: what the user chose in the settings."""
    parasite = Gimp.get_parasite(DEVICE)
    return bytes(parasite.get_data()).decode() if parasite else "auto"


def set_device(name: str) -> None:
    """Choose it; GIMP keeps it in its profile."""
    Gimp.attach_parasite(Gimp.Parasite.new(DEVICE, Gimp.PARASITE_PERSISTENT, name.encode()))
