"""`run()` for those who have tensors and would rather use the resident worker's models than load their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from ..door import Outputs, operation
from ..errors import BadInput, Cancelled, ModelCorrupt, ModelMissing, OutOfMemory, U2StudioError
from ..notices import Notice
from ..progress import Progress, silent
from .client import Client, Watcher, WorkerError
from .protocol import Plane

__all__ = ["run_in_worker"]

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
        self._progress(0, 1, sentence)


def run_in_worker(
    operation_id: str,
    images: Mapping[str, Tensor],
    params: Mapping[str, object] | None = None,
    *,
    command: Sequence[str],
    progress: Progress = silent,
    wanted: Collection[str] | None = None,
    language: str = "en",
) -> Outputs:
    """Run one operation in the worker, started where none runs. One picture at a time: of a batch, each is a job of its own.

    Args:
        operation_id: as `door.run`.
        images: as `door.run`.
        params: as `door.run`.
        command: starts a worker.
        progress: as `door.run`; what it raises ends the job in the worker.
        wanted: as `door.run`.
        language: of notes and errors.
    Returns: as `door.run`, on the CPU.
    Raises: as `door.run`; U2StudioError, where the worker itself fails.
    """
    chosen = operation(operation_id)
    bytes_in = all(picture.dtype == torch.uint8 for picture in images.values() if picture.ndim == 4)
    kinds = {one.name: "u8" if bytes_in and one.kind in ("image", "cutout") else "f32" for one in chosen.outputs if wanted is None or one.name in wanted}
    client = Client(command, _Told(progress), language)
    made: list[dict[str, Tensor]] = []
    figures: dict[str, object] = {}
    provenance: dict[str, object] = {}
    notices: list[Notice] = []
    for index in range(max(len(picture) for picture in images.values())):
        planes = [_plane(name, picture[min(index, len(picture) - 1)]) for name, picture in images.items()]
        try:
            answer = client.run(operation_id, params or {}, planes, kinds)
        except WorkerError as error:
            raise _KINDS.get(error.kind, U2StudioError)(error.sentence, **error.values) from error
        made.append({name: _tensor(plane) for name, plane in answer.planes.items()})
        provenance = dict(answer.provenance)
        for key, value in answer.figures.items():  # a list has one number for each picture
            figures[key] = [*figures.get(key, []), *value] if isinstance(value, list) else value  # type: ignore[misc]
        notices += [Notice("{text}", text=one) for one in answer.notices]  # translated in the worker
    return Outputs({name: torch.stack([one[name] for one in made]) for name in kinds}, figures, provenance, tuple(notices))


def _plane(name: str, picture: Tensor) -> Plane:
    kind = "u8" if picture.dtype == torch.uint8 else "f32"
    pixels = picture.detach().to("cpu", torch.uint8 if kind == "u8" else torch.float32).contiguous().numpy()
    return Plane(name, kind, tuple(pixels.shape), pixels.data.cast("B"))


def _tensor(plane: Plane) -> Tensor:
    return torch.frombuffer(plane.data, dtype=torch.uint8 if plane.type == "u8" else torch.float32).view(plane.shape)
