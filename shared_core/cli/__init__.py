"""The command line: `main()` is the entry point. Commands are made from the specification where they can be."""

from __future__ import annotations

import os

__all__ = ["main"]


def main() -> int:
    """Run the command line on sys.argv; returns the exit status: 0 all done, 1 some failed, 2 wrong use."""
    # PyTorch's threads wait for each other hundreds of times a picture, unless told otherwise by running in circles for a millisecond or more. Where other
    # programs need the processors a picture then takes five times as long; where none does, a shorter circle is as quick. GNU's OpenMP reads it when loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    from .app import run

    return run()
