"""The worker as its clients see it: found, or started; asked; started once more when it died. Standard library only; the GIMP plug-in ships a byte copy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection as channels
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .places import Address, in_sandbox, known_folders, log_file, private
from .protocol import PATIENCE, VERSION, Plane, ProtocolError, introduce, receive, send

__all__ = ["Answer", "Client", "Watcher", "WorkerError", "clean_environment"]

STARTING = 90.0
"""seconds a worker has to start; importing torch from a cold disk takes most of them"""
BUSY_STATUS = 75
"""exit status of a worker that found another one running"""

_FOREIGN = ("PYTHON", "GI_", "GIMP", "GEGL", "BABL", "GTK", "GDK", "GIO_", "GSETTINGS", "LD_", "DYLD_", "FONTCONFIG", "VIRTUAL_ENV")
"""variables by which a host such as GIMP bends a Python it carries; they would break the worker's"""


class WorkerError(Exception):
    """What a user can read and act on: an English sentence with named places, their values, and which of the core's errors it was ("Worker": none)."""

    def __init__(self, sentence: str, kind: str = "Worker", **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.kind = kind
        self.values = values

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, translated and filled in."""
        return translate(self.sentence).format(**self.values)

    def __str__(self) -> str:
        return self.text()


class Watcher:
    """What a client tells its host meanwhile. A host overrides what it shows."""

    def progress(self, done: int, total: int, note: str) -> None:
        """The worker came further."""

    def waiting(self) -> None:
        """Nothing new; called at least every 0.1 s."""

    def notice(self, sentence: str, *, lasting: bool = False) -> None:
        """Something the user should know of, in English; lasting: also after the job."""


@dataclass(frozen=True)
class Answer:
    """What came back: pictures by output name, measured figures, provenance, the seconds the worker computed, and what the user should be told."""

    planes: Mapping[str, Plane]
    figures: Mapping[str, object]
    provenance: Mapping[str, object]
    seconds: float
    notices: Sequence[str] = ()


class Client:
    """One caller of the worker.

    `command` starts a worker where none is found; without one it is only looked for. `language` is what the worker's notes and errors come in.
    """

    def __init__(self, command: Sequence[str] = (), watcher: Watcher | None = None, language: str = "en") -> None:
        self.command = list(command)
        self.watcher = watcher or Watcher()
        self.language = language

    def run(self, operation: str, params: Mapping[str, object], planes: Sequence[Plane], wanted: Mapping[str, str]) -> Answer:
        """Let the worker run one operation.

        Args:
            operation: id of an operation.
            params: its parameters by name.
            planes: its pictures; image f32 planes may leave 0…1 (wide gamuts), others must not.
            wanted: output name → the type its plane shall have: "u8", "u16" or "f32".
        Returns: the wanted outputs, figures, provenance.
        Raises: WorkerError.
        """
        request: dict[str, object] = {"do": "run", "operation": operation, "params": dict(params), "wanted": dict(wanted), "language": self.language}
        try:
            try:
                return self._once(request, planes)
            except (EOFError, OSError):
                self.watcher.notice("The worker ended unexpectedly; it is started again.", lasting=True)
                return self._once(request, planes)
        except (EOFError, OSError) as error:
            raise WorkerError("The worker ended twice during this job. What it said last is in {log}", log=log_file()) from error
        except ProtocolError as error:
            raise WorkerError("The worker could not be understood: {reason}.", reason=error) from error

    def _once(self, request: dict[str, object], planes: Sequence[Plane]) -> Answer:
        with self._reached_or_started() as connection:
            send(connection, request, planes)
            return self._answer(connection)

    def status(self) -> dict[str, Any] | None:
        """What the running worker says of itself; None when none runs. Raises: WorkerError, for a worker of another version."""
        return self._ask({"do": "status"})

    def start(self) -> dict[str, Any]:
        """What the worker says of itself, started where none runs. Raises: WorkerError."""
        self._reached_or_started().close()
        return self.status() or {}

    def stop(self) -> bool:
        """End the running worker and wait until it is gone; False when none runs. Raises: WorkerError, for a worker of another version."""
        if self._ask({"do": "stop"}) is None:
            return False
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._ask({"do": "status"}) is not None:  # until then a new one would find it running, and end
            self.watcher.waiting()
            time.sleep(0.05)
        return True

    def _ask(self, request: dict[str, object]) -> dict[str, Any] | None:
        try:
            connection = self._reached()
            if connection is None:
                return None
            with connection:
                send(connection, request)
                return receive(connection)[0]
        except (EOFError, OSError, ProtocolError):
            return None

    def _answer(self, connection: Connection) -> Answer:
        while True:
            while not connection.poll(0.1):
                self.watcher.waiting()
            header, planes = receive(connection)
            event = header.get("event")
            try:
                if event == "progress":
                    self.watcher.progress(int(header["done"]), int(header["total"]), str(header["note"]))  # type: ignore[call-overload]
                elif event == "done":
                    notices = [str(one) for one in header.get("notices", [])]  # type: ignore[attr-defined]
                    return Answer(planes, dict(header["figures"]), dict(header["provenance"]), float(header["seconds"]), notices)  # type: ignore[call-overload]
                elif event == "error":
                    raise WorkerError("{text}", str(header["kind"]), text=header["text"])
                else:
                    raise ProtocolError(f"event {event!r}")
            except (KeyError, TypeError, ValueError) as error:
                raise ProtocolError(f"a broken {event}: {error}") from error

    def _reached(self) -> Connection | None:
        """A connection to the running worker, hello heard; None when none answers, whatever files a dead one left."""
        for folder in known_folders():
            address = Address.read(folder)
            if address is None:
                continue
            family, place = address.family_and_address
            try:
                connection = channels.Client(place, family=family)
            except (OSError, ValueError, OverflowError):
                continue
            try:
                introduce(connection, address.key)
                if not connection.poll(PATIENCE):
                    raise ProtocolError("no hello")
                hello, _ = receive(connection)
            except (EOFError, OSError, ProtocolError):
                connection.close()
                continue
            if hello.get("protocol") != VERSION:
                connection.close()
                raise WorkerError("The running worker is of another u2studio version ({version}): end it with 'u2studio worker --stop', "
                                  "then run 'u2studio gimp install' again.", version=hello.get("version"))  # fmt: skip
            return connection  # type: ignore[return-value]
        return None

    def _reached_or_started(self) -> Connection:
        if (connection := self._reached()) is not None:
            return connection
        if not self.command:
            raise WorkerError("No worker is running, and how to start one is not known here. Start it with: u2studio worker")
        self.watcher.notice("Starting the worker. This takes some seconds, once.")
        process = self._started()
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            if (connection := self._reached()) is not None:
                return connection
            if process.poll() not in (None, BUSY_STATUS):
                raise self._failed_to_start()
            self.watcher.waiting()
            time.sleep(0.1)
        raise WorkerError("The worker did not answer within {seconds:.0f} seconds. What it said last is in {log}", seconds=STARTING, log=log_file())

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            folder = private(log_file().parent)
        except OSError as error:
            raise WorkerError("The worker's folder cannot be used: {reason}.", reason=error) from error
        command = ["flatpak-spawn", "--host", *self.command] if in_sandbox() else self.command
        flags = 0x00000008 | 0x00000200 | 0x08000000 if sys.platform == "win32" else 0  # DETACHED_PROCESS, NEW_PROCESS_GROUP, NO_WINDOW
        try:
            with log_file().open("wb") as log:
                return subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=clean_environment(os.environ),
                    close_fds=True, start_new_session=True, creationflags=flags,
                )  # fmt: skip
        except OSError as error:
            if in_sandbox():
                raise self._failed_to_start() from error
            raise WorkerError("The worker's Python does not start ({reason}). Run 'u2studio gimp install' again.", reason=error) from error

    def _failed_to_start(self) -> WorkerError:
        if in_sandbox():
            return WorkerError(
                "The Flatpak of GIMP may not start other programs. Start the worker in a terminal and try again: {command}\n"
                "Or allow it once and for all: flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP",
                command=subprocess.list2cmdline(self.command),
            )
        return WorkerError("The worker could not start: {reason}. More is in {log}", reason=_last_line(log_file()).rstrip("."), log=log_file())


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a worker: the host's own, freed of what was meant for the host's libraries and Python."""
    return {name: value for name, value in environment.items() if not name.startswith(_FOREIGN)}


def _last_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "?"
