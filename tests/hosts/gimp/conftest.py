"""The real GIMP of `setup_gimp.sh`, with the plug-in put into it by `u2studio gimp install`, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
VARIABLE = "U2STUDIO_GIMP"
NOT_SET_UP = f"needs a real GIMP: `make test-gimp` builds one and names it in {VARIABLE}"

Run = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a GIMP every test here is skipped, and says what it needs."""
    if VARIABLE in os.environ:
        return
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason=NOT_SET_UP))


@pytest.fixture(scope="session")
def plug_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed plug-in's folder."""
    folder = tmp_path_factory.mktemp("GIMP") / "3.0"
    subprocess.run([sys.executable, "-m", "u2studio", "gimp", "install", "--to", str(folder)], check=True, cwd=folder.parent)
    record = folder / "plug-ins" / "u2studio" / "installed.json"
    command = json.loads(record.read_text())
    command["command"] += ["--precision", "fp32"]  # the fastest precision is measured anew on each machine; a comparison needs one that is the same
    record.write_text(json.dumps(command))
    return record.parent


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/kept inside: what a check leaves for the test."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def gimp(plug_in: Path, kept: Path) -> Run:
    """Runs a script inside, or a dialog, with `run_gimp.sh`'s options; returns what was printed, and fails when the run failed."""
    base = Path(sys.base_prefix).resolve()
    if base == Path("/usr"):
        pytest.fail("GIMP runs in a system of its own, into which the worker's Python is carried. One in /usr cannot be: make .venv from another Python.")
    binds = {str(ROOT): "ro", str(base): "ro", str(Path(sys.prefix).resolve()): "ro"}
    common = ["--plug-in", str(plug_in), "--bind", f"{kept}:/kept", "--time", "420"]
    for folder, how in binds.items():
        common += ["--bind", f"{folder}:{folder}:{how}"]
    (kept / "cache").mkdir()
    worker = "\x1f".join([sys.executable, str(ROOT), "worker"])
    environment = {"CHECK_PHOTO": ROOT / "docs/pictures/astronaut.jpg", "CHECK_WORKER": worker, "XDG_CACHE_HOME": "/kept/cache"}
    for name, value in environment.items():
        common += ["--env", f"{name}={value}"]

    def run(*options: str | Path, script: str = "", arguments: tuple[str, ...] = ()) -> str:
        words = [str(HERE / "run_gimp.sh"), os.environ[VARIABLE], *common, *map(str, options)]
        if script:
            words += ["--script", str(HERE / "scripts" / script), "--", *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=440)
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    return run
