"""How the process of a command begins and ends, so that little of a short one's time goes into that."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

__all__ = ["begin", "end"]

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # of mallopt, in glibc's malloc.h


def begin() -> None:
    """Set what must be set before PyTorch is loaded."""
    # PyTorch's threads wait for each other hundreds of times a picture, unless told otherwise by running in circles for a millisecond or more. Where other
    # programs need the processors a picture then takes five times as long; where none does, a shorter circle is as quick. GNU's OpenMP reads it when loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    gc.set_threshold(50_000)  # loading PyTorch makes a million objects; looking for garbage among them a thousand times is a tenth of it
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Have glibc use memory again instead of giving it back: planes of a picture come and go, and pages handed out anew, cleared, are a tenth of its time."""
    _set_malloc(_MMAP_MAX, 0)
    _set_malloc(_TRIM_THRESHOLD, 2**31 - 1)
    _set_malloc(_ARENA_MAX, 1)  # threads would have pools of their own, and what one frees no other would use again


def _set_malloc(what: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(what, value)


def end(status: int) -> NoReturn:
    """Leave with an exit status, without taking PyTorch apart first, which would need a third of a second. What was printed is flushed already."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
