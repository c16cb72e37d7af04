"""Where a worker is found: a folder of the user's own, with its address and key, its lock and its log.

Standard library only; the GIMP plug-in ships a byte copy of this file.

    Linux     $XDG_RUNTIME_DIR/u2studio, else /run/user/UID/u2studio, else ~/.cache/u2studio/worker
    macOS     ~/Library/Caches/u2studio/worker
    Windows   %LOCALAPPDATA%/u2studio/worker

The sandbox of GIMP's Flatpak hides $XDG_RUNTIME_DIR but for $XDG_RUNTIME_DIR/app/org.gimp.GIMP, so where that Flatpak is used the address is also left there.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["Address", "known_folders", "locked", "log_file", "other_folders", "own_folder", "private"]

FLATPAK = "org.gimp.GIMP"
NAME = "u2studio"
ADDRESS_FILE = "worker.json"


@dataclass(frozen=True)
class Address:
    """How to reach a worker. `place` is a socket's path, or a port of 127.0.0.1 where Python has no such sockets."""

    place: str | int
    key: bytes
    pid: int

    @property
    def family_and_address(self) -> tuple[str, str | tuple[str, int]]:
        """For `multiprocessing.connection`."""
        return ("AF_INET", ("127.0.0.1", self.place)) if isinstance(self.place, int) else ("AF_UNIX", self.place)

    def write(self, folder: Path) -> None:
        """Leave it in `folder` for clients, whole or not at all, readable by the user alone."""
        draft = folder / f".{ADDRESS_FILE}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"place": self.place, "key": self.key.hex(), "pid": self.pid}, file)
        draft.replace(folder / ADDRESS_FILE)

    @classmethod
    def read(cls, folder: Path) -> Address | None:
        """The address in `folder`; None where there is none, or one that is not ours or makes no sense."""
        try:
            with (folder / ADDRESS_FILE).open("rb") as file:
                if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                    return None
                found = json.loads(file.read(1 << 16))
            place, key, pid = found["place"], bytes.fromhex(found["key"]), found["pid"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return cls(place, key, pid) if isinstance(place, (str, int)) and isinstance(pid, int) and key else None

    @staticmethod
    def remove(folder: Path) -> None:
        """Take it back."""
        (folder / ADDRESS_FILE).unlink(missing_ok=True)


def own_folder() -> Path:
    """The folder of this user's worker; it may not exist yet."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / NAME / "worker"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches" / NAME / "worker"
    runtime = _runtime()
    return runtime / NAME if runtime else Path.home() / ".cache" / NAME / "worker"


def other_folders() -> list[Path]:
    """Folders in which the worker leaves its address a second time, for clients in a sandbox."""
    runtime = _runtime()
    in_use = runtime and (Path.home() / ".var/app" / FLATPAK).is_dir() and not in_sandbox()
    return [_shared_with_sandbox(runtime)] if in_use and runtime else []


def known_folders() -> list[Path]:
    """Folders in which a client looks for an address, best first."""
    runtime = _runtime()
    return [_shared_with_sandbox(runtime), own_folder()] if in_sandbox() and runtime else [own_folder()]


def in_sandbox() -> bool:
    """Whether this process runs inside a Flatpak."""
    return Path("/.flatpak-info").exists()


def log_file() -> Path:
    """What the worker has to say when no terminal listens."""
    return own_folder() / "worker.log"


def private(folder: Path) -> Path:
    """`folder`, made if need be, and closed to others. Raises: PermissionError, when it belongs to somebody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid"):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(f"{folder} is not a folder of this user")
        folder.chmod(0o700)
    return folder


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of `folder` until the end of the block; gives False when another process has it. A killed process holds none."""
    with (folder / "lock").open("a+b") as file:
        try:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _runtime() -> Path | None:
    if sys.platform in ("win32", "darwin"):
        return None
    if given := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(given)
    usual = Path(f"/run/user/{os.getuid()}")
    return usual if usual.is_dir() and os.access(usual, os.W_OK) else None


def _shared_with_sandbox(runtime: Path) -> Path:
    return runtime / "app" / FLATPAK / NAME
