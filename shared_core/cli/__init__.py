"""The command line: `program()` is the command, `main()` what it does. Commands are made from the specification where they can be."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["main", "program"]


def program() -> NoReturn:
    """Be the command: `main` in a process of its own."""
    from .process import begin, end

    begin()
    end(main())


def main() -> int:
    """Run the command line on sys.argv; returns the exit status: 0 all done, 1 some failed, 2 wrong use."""
    from .app import run

    return run()
