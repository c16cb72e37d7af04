"""The one door: every host calls `run`, and nothing else makes pictures."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import BadInput
from .progress import Progress, silent
from .spec import OPERATIONS, Operation
from .spec.check import checked_parameters, closest

if TYPE_CHECKING:
    from .arrays import Array
    from .models.source import ModelSource
    from .notices import Notice

__all__ = ["Outputs", "operation", "operations", "run"]


@dataclass(frozen=True)
class Outputs(Mapping[str, "Array"]):
    """The pictures an operation made, by output name, and how they were made.

    `figures` holds measured numbers, in lists by picture where there is one for each (confidence, …); `provenance` the operation, its parameters,
    and each model's card and file hash; `notices` what the user should be told.
    """

    pictures: Mapping[str, Array]
    figures: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    def __getitem__(self, name: str) -> Array:
        return self.pictures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.pictures)

    def __len__(self) -> int:
        return len(self.pictures)


def operations() -> tuple[Operation, ...]:
    """Everything this suite can do."""
    return OPERATIONS


def operation(operation_id: str) -> Operation:
    """The specification called `operation_id`. Raises: BadInput, naming the ones there are."""
    for known in OPERATIONS:
        if known.id == operation_id:
            return known
    ids = [known.id for known in OPERATIONS]
    raise BadInput("There is no operation '{name}'; there are: {known}.{hint}", name=operation_id, known=", ".join(ids), hint=closest(operation_id, ids))


def run(
    operation_id: str,
    images: Mapping[str, Array],
    params: Mapping[str, object] | None = None,
    *,
    models: ModelSource,
    progress: Progress = silent,
    wanted: Collection[str] | None = None,
) -> Outputs:
    """Run one operation.

    Args:
        operation_id: one of `operations()`.
        images: NumPy arrays, or tensors on any device, by input name; kinds and shapes as in `spec.operation.Kind`. A batch of one is repeated to the
            others' batch.
        params: values by parameter name; what is left out takes its default.
        models: where models come from.
        progress: told of every network pass and tile; may raise `Cancelled`.
        wanted: names of the outputs to make; what nobody wants costs nothing. Default: all.
    Returns: the wanted outputs in the batch order of the images: arrays where these are arrays, else tensors on their device.
    Raises: BadInput, ModelMissing, ModelCorrupt, OutOfMemory, Cancelled.
    """
    from .arrays import as_array, as_tensor, is_tensor, place
    from .imaging.contract import checked_pictures
    from .models.memory import out_of_memory
    from .pipelines.job import Job

    chosen = operation(operation_id)
    names = tuple(output.name for output in chosen.outputs)
    if unknown := set(wanted or ()) - set(names):
        raise BadInput("{operation} has no output '{name}'; it has: {known}.{hint}",
                       operation=chosen.id, name=min(unknown), known=", ".join(names), hint=closest(min(unknown), names))  # fmt: skip
    values = checked_parameters(chosen, params or {})
    pictures = checked_pictures(chosen, images)
    in_tensors = any(is_tensor(one) for one in images.values())
    job = Job(models=models, progress=progress, wanted=frozenset(names if wanted is None else wanted), in_tensors=in_tensors)
    pipeline = importlib.import_module(f".pipelines.{chosen.family}", __package__)
    first = next(one for one in pictures.values() if one is not None)
    with out_of_memory(place(first), first.shape[2], first.shape[1]):
        made = getattr(pipeline, chosen.id)(**pictures, **values, job=job)
    given_back = as_tensor if in_tensors else as_array
    provenance = {"operation": chosen.id, "parameters": values, "models": job.models_used}
    return Outputs({name: given_back(made[name]) for name in names if name in job.wanted}, job.figures, provenance, tuple(job.notices))
