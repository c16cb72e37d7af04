"""What a pipeline is handed beside its pictures and parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..arrays import Array, alike, as_tensor
from ..models.source import Model, ModelSource
from ..notices import Notice
from ..progress import Progress

__all__ = ["Job"]


@dataclass
class Job:
    """One run: models in, progress out, and the record of what was used, measured and noticed."""

    models: ModelSource
    progress: Progress
    wanted: frozenset[str]
    in_tensors: bool = False
    """whether the host speaks tensors: its models are called with them"""
    models_used: dict[str, str] = field(default_factory=dict)
    figures: dict[str, object] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def model(self, card_id: str) -> Model:
        """The model of a card, recorded in the result's provenance with its file's sha256."""
        model = self.models.get(card_id)
        self.models_used[card_id] = model.sha256
        return _InTensors(model) if self.in_tensors else model

    def file(self, card_id: str) -> Path:
        """The file of a card that is used as published, recorded alike. Raises: as `source.ModelSource.file`."""
        file = self.models.file(card_id)
        self.models_used[card_id] = file.sha256
        return file.path

    def wants(self, *outputs: str) -> bool:
        """Whether any of these outputs is to be made."""
        return not self.wanted.isdisjoint(outputs)

    def notice(self, sentence: str, **values: object) -> None:
        """Something the user should know about the result."""
        self.notices.append(Notice(sentence, **values))


class _InTensors:
    """A `Model` of a host that speaks tensors, for pictures that are seen as arrays."""

    def __init__(self, model: Model) -> None:
        self._model, self.card, self.sha256 = model, model.card, model.sha256

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        """See `source.Model`."""
        return [alike(one, batch) for one in self._model(as_tensor(batch), side_outputs=side_outputs)]
