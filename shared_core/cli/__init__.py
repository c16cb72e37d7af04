"""The command line: `main()` is the entry point. Commands are made from the specification where they can be."""

from __future__ import annotations

__all__ = ["main"]


def main() -> int:
    """Run the command line on sys.argv; returns the exit status: 0 all done, 1 some failed, 2 wrong use."""
    from .app import run

    return run()
