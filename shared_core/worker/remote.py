"""`run()` for those who have tensors and would rather use the resident worker's models than load their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from ..door import Outputs, operation
from ..errors import BadInput
from ..notices import Notice
from ..progress import Progress, silent
from .calls import call
from .numbers import plane_of, tensor_of
from .protocol import Plane

__all__ = ["run_in_worker"]


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
    if any(one.kind == "faces" for one in (*chosen.inputs, *chosen.outputs)):
        raise BadInput("{operation} makes one picture for each face, which the worker does not hand on. Run it without the worker.", operation=chosen.id)
    bytes_in = all(picture.dtype == torch.uint8 for picture in images.values() if picture.ndim == 4)
    kinds = {one.name: "u8" if bytes_in and one.kind in ("image", "cutout") else "f32" for one in chosen.outputs if wanted is None or one.name in wanted}
    made: list[dict[str, Tensor]] = []
    figures: dict[str, object] = {}
    provenance: dict[str, object] = {}
    notices: list[Notice] = []
    for index in range(max(len(picture) for picture in images.values())):
        planes = [_plane(name, picture[min(index, len(picture) - 1)]) for name, picture in images.items()]
        answer = call(operation_id, params or {}, planes, kinds, command=command, progress=progress, language=language)
        made.append({name: tensor_of(plane) for name, plane in answer.planes.items()})
        provenance = dict(answer.provenance)
        for key, value in answer.figures.items():  # a list has one number for each picture
            figures[key] = [*figures.get(key, []), *value] if isinstance(value, list) else value  # type: ignore[misc]
        notices += [Notice("{text}", text=one) for one in answer.notices]  # translated in the worker
    return Outputs({name: torch.stack([one[name] for one in made]) for name in kinds}, figures, provenance, tuple(notices))


def _plane(name: str, picture: Tensor) -> Plane:
    return plane_of(name, "u8" if picture.dtype == torch.uint8 else "f32", picture.detach())
