"""Where the worker listens, and how clients learn of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

from .places import Address, other_folders, private

__all__ = ["CLIENTS", "listening", "published"]

CLIENTS = 32
"""at a time"""


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[tuple[Listener, str | int]]:
    """A listener that only this user reaches, and where it is. What a killed worker left is cleared away: we hold its lock."""
    if sys.platform == "win32":
        with Listener(("127.0.0.1", 0), "AF_INET", backlog=CLIENTS) as listener:
            address: Any = listener.address
            yield listener, address[1]
        return
    socket_path, spare = folder / "socket", None
    if len(os.fsencode(socket_path)) > 100:  # the system's limit for the path of a socket is 108, elsewhere 104
        spare = Path(tempfile.mkdtemp(prefix="u2studio-"))
        socket_path = spare / "socket"
    socket_path.unlink(missing_ok=True)
    try:
        with Listener(str(socket_path), "AF_UNIX", backlog=CLIENTS) as listener:
            socket_path.chmod(0o600)
            yield listener, str(socket_path)
    finally:
        if spare:
            shutil.rmtree(spare, ignore_errors=True)


def published(address: Address, folder: Path) -> list[Path]:
    """Leave the address where it belongs; returns the other folders it was left in, for clients in a sandbox, which see the socket there as a hard link."""
    reached = []
    for other in other_folders():
        with contextlib.suppress(OSError):
            link = private(other) / "socket"
            link.unlink(missing_ok=True)
            os.link(str(address.place), link)
            Address(str(link), address.key, address.pid).write(other)
            reached.append(other)
    address.write(folder)
    return reached
