"""The command line: `main()` is the entry point. Commands are made from the specification where they can be."""

from __future__ import annotations

import os

__all__ = ["main"]


def main() -> int:
    """Run the command line on sys.argv; returns the exit status: 0 all done, 1 some failed, 2 wrong use."""
    # PyTorch's threads wait for each other hundreds of times a picture. Unless told otherwise they do so by running in circles, and where other programs
    # need the processors, a picture takes five times as long. It is read once, when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from .app import run

    return run()
