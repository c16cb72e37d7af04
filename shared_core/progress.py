"""How long work tells its host how far it is, and learns that it should stop."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called at least once per network pass, tile or file. Raises `Cancelled` when the host wants to stop."""

    def __call__(self, done: int, total: int, note: str) -> None: ...


def silent(done: int, total: int, note: str) -> None:
    """Progress for callers that want none."""
