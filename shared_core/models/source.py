"""The seam between pipelines and models: engines, caches and hosts' own memory management lie behind it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..arrays import Array

if TYPE_CHECKING:
    from .cards import Card

__all__ = ["Model", "ModelSource", "PublishedFile"]


class Model(Protocol):
    """A checkpoint ready to run, whatever the engine."""

    card: Card
    sha256: str
    """of the weights file"""

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        """Run the network once.

        Args:
            batch: preprocessed as the card says, float32, [B, C, H, W]: a tensor on any device where the door was given tensors, else an array.
            side_outputs: return also the side outputs, each enlarged to H×W.
        Returns: logits, float32, [B, classes, H, W] each, of the batch's kind and on its device, in memory of their own: the result first, then the
        other side outputs in the network's order (U²-Net: d0, d1 … d6; IS-Net, whose first head is the result: d1, d2 … d6).
        """
        ...


class PublishedFile(NamedTuple):
    """A file used as its authors published it."""

    path: Path
    sha256: str


class ModelSource(Protocol):
    """Where pipelines get models. They never load anything themselves."""

    def get(self, card_id: str) -> Model:
        """The model of a card, ready to run. Raises: BadInput for an unknown card, ModelMissing, ModelCorrupt, OutOfMemory."""
        ...

    def file(self, card_id: str) -> PublishedFile:
        """The file of a card that is used `as_published`, checked. Raises: BadInput for an unknown card, ModelMissing, ModelCorrupt."""
        ...
