"""Where GIMP 3 looks for plug-ins, and our plug-in put there, taken away and inspected."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import struct
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput

__all__ = ["Gimp", "find_gimps", "find_refused", "install", "problems", "uninstall", "worker_command"]

SOURCE = Path(__file__).resolve().parents[2] / "gimp_plugin" / "u2studio"
NAME = "u2studio"
RECORD = "installed.json"


@dataclass(frozen=True)
class Gimp:
    """A GIMP's plug-ins folder; `flatpak`: its programs run in a sandbox."""

    plug_ins: Path
    flatpak: bool = False

    @property
    def ours(self) -> Path:
        """Where our plug-in goes."""
        return self.plug_ins / NAME


def find_gimps(home: Path, environment: Mapping[str, str], platform: str = sys.platform) -> list[Gimp]:
    """The plug-ins folder of every GIMP 3 this user has started at least once."""
    if given := environment.get("GIMP3_DIRECTORY"):
        return [Gimp(Path(given) / "plug-ins")]
    flatpak = home / ".var/app/org.gimp.GIMP/config/GIMP"
    places = [(_settings(home, environment, platform) / "GIMP", False), (flatpak, True)]
    return [Gimp(folder / "plug-ins", boxed) for place, boxed in places for folder in sorted(place.glob("3.*")) if re.fullmatch(r"3\.\d+", folder.name)]


def find_refused(home: Path, environment: Mapping[str, str], platform: str = sys.platform) -> list[BadInput]:
    """GIMPs that are here but cannot have the plug-in, each with the reason."""
    refused = []
    if any(_settings(home, environment, platform).glob("GIMP/2.*")) or (home / ".gimp-2.8").exists():
        refused.append(BadInput("GIMP 2 is here as well; it cannot run this plug-in, which needs GIMP 3."))
    if (home / "snap/gimp").exists():
        refused.append(BadInput("The Snap of GIMP cannot run Python plug-ins of a user. Use your distribution's package, or the Flatpak."))
    return refused


def _settings(home: Path, environment: Mapping[str, str], platform: str) -> Path:
    if platform == "win32":
        return Path(environment.get("APPDATA") or home / "AppData/Roaming")
    if platform == "darwin":
        return home / "Library/Application Support"
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config")


def worker_command() -> list[str]:
    """How the plug-in starts the worker: this Python and this folder, so that nothing need be on a path."""
    return [sys.executable, str(Path(__file__).resolve().parents[2]), "worker"]


def install(gimp: Gimp, version: str) -> None:
    """Put the plug-in in, whole or not at all; an older one is replaced. Raises: BadInput, when the folder cannot be written or holds something else."""
    if gimp.ours.exists() and not _is_ours(gimp.ours):
        raise BadInput("{folder} is there already and is not this plug-in; move it away first.", folder=gimp.ours)
    try:
        gimp.plug_ins.mkdir(parents=True, exist_ok=True)
        # beside the plug-ins folder: GIMP would take a half-made one inside for a plug-in
        with tempfile.TemporaryDirectory(prefix=".u2studio-", dir=gimp.plug_ins.parent) as scratch:
            fresh = Path(scratch) / NAME
            shutil.copytree(SOURCE, fresh, ignore=shutil.ignore_patterns("__pycache__", RECORD, "*.mo"))
            for po in fresh.rglob("*.po"):
                po.with_suffix(".mo").write_bytes(compiled(po.read_text(encoding="utf-8")))
            (fresh / RECORD).write_text(json.dumps({"version": version, "command": worker_command()}, indent=1) + "\n", encoding="utf-8")
            (fresh / f"{NAME}.py").chmod(0o755)
            if gimp.ours.exists():
                gimp.ours.rename(Path(scratch) / "old")
            fresh.rename(gimp.ours)
    except OSError as error:
        raise BadInput("The plug-in cannot be put into {folder}: {reason}", folder=gimp.plug_ins, reason=error.strerror or error) from error


def uninstall(gimp: Gimp) -> bool:
    """Take the plug-in away; False when it is not there. Raises: BadInput, when the folder is not this plug-in or cannot be removed."""
    if not gimp.ours.exists():
        return False
    if not _is_ours(gimp.ours):
        raise BadInput("{folder} is not this plug-in and stays.", folder=gimp.ours)
    try:
        shutil.rmtree(gimp.ours)
    except OSError as error:
        raise BadInput("{folder} cannot be removed: {reason}", folder=gimp.ours, reason=error.strerror or error) from error
    return True


def problems(gimp: Gimp, version: str) -> list[BadInput]:
    """What is wrong with the plug-in that is there; each says what to do."""
    found = []
    try:
        record = json.loads((gimp.ours / RECORD).read_text(encoding="utf-8"))
        python, folder, *_ = record["command"]
    except (OSError, ValueError, KeyError, TypeError):
        return [BadInput("{folder} was copied by hand or is damaged, so the worker's Python is not known. Run: u2studio gimp install", folder=gimp.ours)]
    if record.get("version") != version:
        found.append(
            BadInput("The plug-in is of version {found}, this program of {version}. Run: u2studio gimp install", found=record.get("version"), version=version)
        )
    elif _differs(gimp.ours):
        found.append(BadInput("Files of the plug-in in {folder} were changed. Run: u2studio gimp install", folder=gimp.ours))
    if not os.access(python, os.X_OK) or not (Path(folder) / "__main__.py").exists():
        found.append(BadInput("The worker's Python, {python} with {folder}, is gone. Run: u2studio gimp install", python=python, folder=folder))
    if not os.access(gimp.ours / f"{NAME}.py", os.X_OK):
        found.append(BadInput("{file} may not be executed, so GIMP skips it. Run: u2studio gimp install", file=gimp.ours / f"{NAME}.py"))
    return found


def compiled(po: str) -> bytes:
    """A generated .po file (one line per text) as GIMP reads it, .mo."""
    texts: dict[bytes, bytes] = {}
    key = b""
    for line in po.splitlines():
        word, _, rest = line.partition(" ")
        if word == "msgid":
            key = _unquoted(rest)
        elif word == "msgstr":
            texts[key] = _unquoted(rest)
        elif line.startswith('"'):
            texts[key] += _unquoted(line)
    rows, at = [], 28 + 16 * len(texts)
    for column in (sorted(texts), [texts[key] for key in sorted(texts)]):
        for one in column:
            rows.append(struct.pack("<2I", len(one), at))
            at += len(one) + 1
    body = b"\0".join([*sorted(texts), *(texts[key] for key in sorted(texts))]) + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0) + b"".join(rows) + body


def _unquoted(text: str) -> bytes:
    return ast.literal_eval(text).encode()


def _is_ours(folder: Path) -> bool:
    return (folder / "u2gimp").is_dir() and (folder / f"{NAME}.py").is_file()


def _differs(folder: Path) -> bool:
    for path in SOURCE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            installed = folder / path.relative_to(SOURCE)
            if not installed.is_file() or installed.read_bytes() != path.read_bytes():
                return True
    return False
