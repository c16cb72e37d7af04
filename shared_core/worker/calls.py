"""A caller of the worker inside the core: its progress, and its errors as the core's own. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import BadInput, Cancelled, ModelCorrupt, ModelMissing, OutOfMemory, U2StudioError
from ..progress import Progress
from .client import Answer, Client, Watcher, WorkerError
from .protocol import Plane

__all__ = ["call"]

_KINDS = {kind.__name__: kind for kind in (BadInput, Cancelled, ModelCorrupt, ModelMissing, OutOfMemory)}


class _Told(Watcher):
    """Hands the worker's progress on."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._last = progress, (0, 1, "")

    def progress(self, done: int, total: int, note: str) -> None:
        self._last = (done, total, note)
        self._progress(done, total, note)

    def waiting(self) -> None:
        if self._last[2]:
            self._progress(*self._last)  # the host may want to stop

    def notice(self, sentence: str, *, lasting: bool = False) -> None:
        self._last = (0, 1, sentence)
        self._progress(*self._last)


def call(
    operation: str,
    params: Mapping[str, object],
    planes: Sequence[Plane],
    wanted: Mapping[str, str],
    *,
    command: Sequence[str],
    progress: Progress,
    language: str,
) -> Answer:
    """Have one job done by the worker, started where none runs.

    Args:
        operation: as `Client.run`.
        params: as `Client.run`.
        planes: as `Client.run`.
        wanted: as `Client.run`.
        command: starts a worker.
        progress: told of each step; what it raises ends the job in the worker.
        language: of notes and errors.
    Raises: what the worker's job raised; U2StudioError, where the worker itself fails.
    """
    try:
        return Client(command, _Told(progress), language).run(operation, params, planes, wanted)
    except WorkerError as error:
        raise _KINDS.get(error.kind, U2StudioError)(error.sentence, **error.values) from error
