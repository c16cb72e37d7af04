"""The worker process: one per user, several clients, one job at a time.

A thread for each client reads its requests and writes its answers, so a slow or stuck client holds up nobody else; one thread, the runner, works the jobs off
in the order in which they came. A client has one job at most, so that order is fair: whoever asks again stands behind those who wait.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection, Listener
from typing import Protocol

from ..errors import Cancelled, U2StudioError
from ..progress import Progress
from ..texts import translate
from .client import WorkerError
from .listening import CLIENTS, listening, published
from .places import Address, locked, log_file, own_folder, private
from .protocol import VERSION, Plane, ProtocolError, admit, receive, send

__all__ = ["Work", "serve"]

CHECK = 0.05
"""seconds between two looks whether a waiting client is still there"""


class Work(Protocol):
    """What a server serves."""

    def operate(self, request: Mapping[str, object], planes: Mapping[str, Plane], progress: Progress) -> tuple[dict[str, object], list[Plane]]:
        """Header and planes of the answer to a "run" request. Called by one thread only. Raises: U2StudioError, ProtocolError."""
        ...

    def describe(self) -> dict[str, object]:
        """What "status" tells beside the process itself."""
        ...


class Job:
    """One request on its way. The client's thread waits on it, the runner works on it."""

    def __init__(self, request: dict[str, object], planes: dict[str, Plane]) -> None:
        self.request = request
        self.planes = planes
        self.language = str(request.get("language", "en"))
        self.cancelled = threading.Event()
        self._news = threading.Condition()
        self._last: tuple[int, int, str] | None = None
        self._answer: tuple[dict[str, object], list[Plane]] | None = None

    def progress(self, done: int, total: int, note: str) -> None:
        """What the pipelines call. Raises: Cancelled, when the client went away."""
        if self.cancelled.is_set():
            raise Cancelled
        with self._news:
            self._last = (done, total, translate(note, self.language))
            self._news.notify()

    def finish(self, header: dict[str, object], planes: list[Plane]) -> None:
        """Hand the answer over."""
        with self._news:
            self._answer = (header, planes)
            self._news.notify()

    def news(self, seconds: float) -> tuple[tuple[int, int, str] | None, tuple[dict[str, object], list[Plane]] | None]:
        """The latest progress not yet told, and the answer, as soon as there is one of them; neither after `seconds`."""
        with self._news:
            self._news.wait_for(lambda: self._last or self._answer, seconds)
            last, self._last = self._last, None
            return last, self._answer


class Server:
    """Clients, their jobs, and when the last one was."""

    def __init__(self, work: Work, version: str) -> None:
        self.work, self.version = work, version
        self.key = secrets.token_bytes(32)
        self.ended = threading.Event()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._open_jobs = 0
        self._count = threading.Lock()
        self._last_use = time.monotonic()
        self._room = threading.BoundedSemaphore(CLIENTS)

    def start(self, listener: Listener) -> None:
        """Begin to accept clients and to work."""
        for target in (lambda: self._accept(listener), self._run_jobs):
            threading.Thread(target=target, daemon=True).start()

    def idle(self) -> float:
        """Seconds since the last request was answered; 0 while one is worked on."""
        with self._count:
            return 0.0 if self._open_jobs else time.monotonic() - self._last_use

    def _accept(self, listener: Listener) -> None:
        while not self.ended.is_set():
            self._room.acquire()
            try:
                connection = listener.accept()
            except OSError:  # a client that was gone before it was let in; or the listener is closed, and this is the end
                self._room.release()
                self.ended.wait(CHECK)
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            with connection:
                admit(connection, self.key)
                send(connection, {"protocol": VERSION, "version": self.version})
                while True:
                    self._answer(connection, *receive(connection))
        except (EOFError, OSError):
            pass  # the client is gone
        except ProtocolError as error:
            _log(f"a client was sent away: {error}")
        finally:
            self._room.release()

    def _answer(self, connection: Connection, request: dict[str, object], planes: dict[str, Plane]) -> None:
        match request.get("do"):
            case "status":
                with self._count:
                    jobs = self._open_jobs
                send(connection, {"event": "status", "version": self.version, "pid": os.getpid(), "jobs": jobs, **self.work.describe()})
            case "stop":
                send(connection, {"event": "status"})
                self.ended.set()
            case "run":
                with self._counted():
                    self._attend(connection, Job(request, planes))
            case other:
                raise ProtocolError(f"do {str(other)[:40]!r}")

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._count:
            self._open_jobs += 1
        try:
            yield
        finally:
            with self._count:
                self._open_jobs -= 1
                self._last_use = time.monotonic()

    def _attend(self, connection: Connection, job: Job) -> None:
        self._jobs.put(job)
        try:
            while True:
                last, answer = job.news(CHECK)
                if last:
                    send(connection, {"event": "progress", "done": last[0], "total": last[1], "note": last[2]})
                if answer:
                    send(connection, *answer)
                    return
                if connection.poll(0):  # nothing is due from a client that waits: this is the end of the connection, or nonsense
                    connection.recv_bytes(1)
                    raise ProtocolError("a client that talks while its job runs")
        finally:
            job.cancelled.set()

    def _run_jobs(self) -> None:
        while True:
            job = self._jobs.get()
            if not job.cancelled.is_set():
                job.finish(*self._outcome(job))
            del job  # its planes are large, and the next job may be long in coming

    def _outcome(self, job: Job) -> tuple[dict[str, object], list[Plane]]:
        try:
            header, planes = self.work.operate(job.request, job.planes, job.progress)
            _log(f"{job.request.get('operation')}: {header['seconds']:.2f} s")
            return header, planes
        except Cancelled as error:
            kind, text = "Cancelled", error.text(job.language)
        except U2StudioError as error:
            kind, text = type(error).__name__, error.text(job.language)
        except ProtocolError as error:
            kind, text = "Worker", str(error)
        except Exception as error:  # a mistake of ours must end this job, not the worker
            traceback.print_exc()
            failure = WorkerError("u2studio made a mistake: {error}. Nothing was changed; please report it with what {log} says.",
                                  error=f"{type(error).__name__}: {error}", log=log_file())  # fmt: skip
            kind, text = failure.kind, failure.text(lambda sentence: translate(sentence, job.language))
        return {"event": "error", "kind": kind, "text": text}, []


def serve(prepare: Callable[[], Work], version: str, *, idle_seconds: float) -> bool:
    """Run the worker until somebody stops it or nobody asks it for `idle_seconds`.

    Args:
        prepare: makes the work; called only when this is the user's only worker, before clients can come.
        version: of the program.
        idle_seconds: how long to stay without a job.
    Returns: False when another worker of this user runs already.
    Raises: PermissionError, when the folder for the address belongs to somebody else; whatever `prepare` raises.
    """
    folder = private(own_folder())
    with locked(folder) as alone:
        if not alone:
            return False
        server = Server(prepare(), version)
        with listening(folder) as (listener, place):
            server.start(listener)
            places = [folder, *published(Address(place, server.key, os.getpid()), folder)]
            _log(f"listening (process {os.getpid()})")
            try:
                while not server.ended.wait(min(1.0, idle_seconds / 4)) and server.idle() < idle_seconds:
                    pass
            finally:
                for one in places:
                    Address.remove(one)
        _log("ended" if server.ended.is_set() else "ended: nobody asked")
        return True


def _log(line: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), line, file=sys.stderr, flush=True)  # noqa: T201
