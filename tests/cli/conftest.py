"""The command line, called in this process where that will do, and in one of its own where signals, pipes and languages are tested."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from u2studio.shared_core.models.cache import ModelCache


class Ending(NamedTuple):
    """How a call ended."""

    status: int
    out: bytes
    err: str


U2Studio = Callable[..., Ending]
SMALL = 96, 80


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one; no model of the machine's real user is seen."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("U2STUDIO_MODELS", str(tmp_path / "home" / "models"))
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "U2NET_HOME", "REMBG_HOME", "COMFYUI_PATH"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@cache
def _kept_models(device: str, precision: str, at_once: int = 1) -> ModelCache:
    """One for all calls alike, so that networks are not loaded a hundred times."""
    return ModelCache(device, precision, at_once=at_once)


@pytest.fixture
def u2studio(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> U2Studio:
    """Call `u2studio` with arguments, in this process, in English."""
    monkeypatch.setattr("u2studio.shared_core.cli.console.LANGUAGE", "en")
    for module in ("app", "folder", "many_photos", "models", "operation", "options"):
        monkeypatch.setattr(f"u2studio.shared_core.cli.{module}.LANGUAGE", "en", raising=False)

    monkeypatch.setattr("u2studio.shared_core.models.cache.ModelCache", _kept_models)

    def call(*arguments: object, stdin: bytes = b"") -> Ending:
        from u2studio.shared_core.cli import main

        monkeypatch.setattr(sys, "argv", ["u2studio", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        status = main()
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in err
        return Ending(status, out, err.decode())

    return call


def command(*arguments: object) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "u2studio", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    """This one's, with no language of the user's."""
    languages = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return {**{name: value for name, value in os.environ.items() if name not in languages}, **variables}


@pytest.fixture
def process() -> U2Studio:
    """Call `u2studio` in a process of its own."""

    def call(*arguments: object, stdin: bytes = b"", **variables: str) -> Ending:
        ended = subprocess.run(command(*arguments), input=stdin, capture_output=True, env=environment(**variables), check=False)
        assert b"Traceback" not in ended.stderr
        return Ending(ended.returncode, ended.stdout, ended.stderr.decode())

    return call


@pytest.fixture
def in_python() -> Callable[..., str]:
    """What a program prints in a Python of its own."""

    def call(program: str, **variables: str) -> str:
        return subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment(**variables), check=True).stdout.decode()

    return call


@pytest.fixture(scope="session")
def small(pictures: Path) -> Image.Image:
    """The coffee cup, 96 × 80."""
    return Image.open(pictures / "coffee.jpg").resize(SMALL)


@pytest.fixture
def photo_file(place: Path, small: Image.Image) -> Path:
    """cup.jpg in the current folder."""
    small.save(place / "cup.jpg", quality=95)
    return Path("cup.jpg")


@pytest.fixture
def interrupted() -> Callable[..., int]:
    """Start `u2studio` in a process of its own, send it Ctrl-C once `ready()` is true, and return its status."""

    def call(*arguments: object, ready: Callable[[], bool]) -> int:
        # a shell's background jobs ignore Ctrl-C, and hand that on
        heed = (lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) if os.name == "posix" else None
        with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, env=environment(), start_new_session=True, preexec_fn=heed) as running:  # noqa: PLW1509
            until = time.monotonic() + 120
            while not ready() and running.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            try:
                _, err = running.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                running.kill()
                raise
        assert b"Traceback" not in err
        return running.returncode

    return call
