"""Files that appear whole or not at all, and only where they may. Loads the standard library alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ...errors import BadInput
from .formats import shown

__all__ = ["check_target", "remove_leftovers", "whole_file"]

_UNFINISHED = ".u2studio-{}.part"
_LEFTOVER_SECONDS = 3600


def check_target(path: Path, *, overwrite: bool) -> None:
    """Refuse a place where a result cannot go, before any work is done for it. Raises: BadInput."""
    if "\0" in str(path):
        raise BadInput("{name} could not be written: {reason}.", name=shown(path), reason="it holds a null character")
    if path.parent.exists() and not path.parent.is_dir():
        raise BadInput("{name} is a file; results need a folder.", name=shown(path.parent))
    if path.is_dir():
        raise BadInput("{name} is a folder; name a file to write.", name=shown(path))
    if not overwrite and os.path.lexists(path):
        raise BadInput("{name} is already there; it is replaced only when you ask for it (--overwrite).", name=shown(path))


def whole_file(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file by `fill(stream)` under a temporary name in the same folder, then move it into place. Raises: OSError, and what `fill` raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(_UNFINISHED.format(os.urandom(8).hex()))
    try:
        with unfinished.open("xb") as stream:
            fill(stream)
        unfinished.replace(path)
    except BaseException:  # also Ctrl-C
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def remove_leftovers(folder: Path) -> None:
    """Delete what processes killed more than an hour ago were writing in `folder`."""
    with contextlib.suppress(OSError):
        for one in folder.glob(_UNFINISHED.format("*")):
            if time.time() - one.stat().st_mtime > _LEFTOVER_SECONDS:
                one.unlink()
