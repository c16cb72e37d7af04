"""Photos as they arrive, for `u2studio matte --watch`."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..imaging.files import Found

__all__ = ["arriving"]

PAUSE = 0.5
"""seconds between two looks"""

State = tuple[int, int]
"""size and time of a file"""


def arriving(find: Callable[[], Iterable[Found]], pause: float = PAUSE) -> Iterator[Found | None]:
    """Every photo once its file has stood still for one look: what is there at first, then what comes. Never ends.

    A file that goes away again, or a folder that cannot be listed for a while, is waited for in silence. What changes after it was taken is not taken again.

    Args:
        find: lists the photos there are now.
        pause: seconds between two looks.
    Returns: photos, and None after each look, so that others get their turn.
    """
    taken: set[str] = set()
    before: dict[str, State] = {}
    while True:
        now: dict[str, State] = {}
        for one in find():
            key = os.path.normcase(one.path or "")
            if key in taken or (state := _state(one.path)) is None:
                continue
            if before.get(key) == state and state[0]:
                taken.add(key)
                yield one
            else:
                now[key] = state
        before = now
        yield None
        time.sleep(pause)


def _state(path: Path | None) -> State | None:
    """None for what is no file, or no longer there."""
    try:
        status = os.stat(path or "")  # noqa: PTH116 (None has no method)
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
