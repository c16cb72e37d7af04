"""The command line: `main()` is the entry point. Commands are made from the specification where they can be."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

__all__ = ["main", "program"]


def program() -> NoReturn:
    """Be the command: `main`, and then the end of the process."""
    gc.set_threshold(50_000)  # loading PyTorch makes a million objects; looking for garbage among them a thousand times is a tenth of it
    status = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)  # taking PyTorch apart would need a third of a second


def main() -> int:
    """Run the command line on sys.argv; returns the exit status: 0 all done, 1 some failed, 2 wrong use."""
    # PyTorch's threads wait for each other hundreds of times a picture, unless told otherwise by running in circles for a millisecond or more. Where other
    # programs need the processors a picture then takes five times as long; where none does, a shorter circle is as quick. GNU's OpenMP reads it when loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    from .app import run

    return run()
