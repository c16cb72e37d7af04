"""A runtime folder of each test's own, and a worker in it that ends with the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from u2studio.shared_core.worker.client import Client, Watcher
from u2studio.shared_core.worker.places import Address, own_folder
from u2studio.shared_core.worker.protocol import Plane

FAKE = [sys.executable, str(Path(__file__).parent / "fake_worker.py")]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks into /proc")


class Notes(Watcher):
    """Keeps what the client says."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.steps: list[tuple[int, int, str]] = []
        self.on_step: Callable[[], None] = lambda: None

    def notice(self, sentence: str, *, lasting: bool = False) -> None:
        self.notices.append(sentence)

    def progress(self, done: int, total: int, note: str) -> None:
        self.steps.append((done, total, note))
        self.on_step()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """$XDG_RUNTIME_DIR: short, for a socket's path may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="u2t-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    address = Address.read(own_folder())
    if address is not None:
        with_signal(address.pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def client(runtime: Path) -> Client:
    """A client that starts the fake worker."""
    return Client([*FAKE], Notes())


def notes(client: Client) -> Notes:
    """What it was told."""
    assert isinstance(client.watcher, Notes)
    return client.watcher


def reached(client: Client) -> Connection:
    """A connection of one's own to the running worker."""
    connection = client._reached()
    assert connection is not None
    return connection


def status(client: Client) -> dict[str, Any]:
    """What the running worker says of itself."""
    said = client.status()
    assert said is not None
    return said


def with_signal(pid: int, number: int) -> None:
    """Send it, also to a process that is gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_until(test: Callable[[], object], seconds: float = 10.0) -> None:
    """Fail when `test` does not come true in time."""
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


def picture(height: int = 20, width: int = 30, seed: int = 7) -> Plane:
    """Known pixels."""
    return Plane("image", "u8", (height, width, 3), bytes((seed * index) % 251 for index in range(height * width * 3)))


INVERTED = bytes(range(255, -1, -1))


def inverted(client: Client, plane: Plane | None = None) -> int:
    """Let the worker invert a picture, check every byte, and return the worker's process."""
    plane = plane or picture()
    answer = client.run("invert", {}, [plane], {"image": "u8"})
    assert answer.planes["image"].shape == plane.shape
    assert bytes(answer.planes["image"].data) == bytes(plane.data).translate(INVERTED)
    pid = answer.provenance["pid"]
    assert isinstance(pid, int)
    return pid


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True
