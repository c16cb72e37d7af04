"""What the trainer needs to know of a task. Matting is one; drawings, parsing and painting are others of the same shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..progress import Progress
from .recipe import Optimizer

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor, nn

__all__ = ["Batch", "Modules", "Phase", "Row", "Samples", "Task"]

Batch = Mapping[str, "Tensor"]
Modules = Mapping[str, "nn.Module"]
Row = Any
"""what is measured on one validation sample: numbers, or arrays that only make sense summed; picklable"""


@dataclass(frozen=True)
class Phase:
    """One optimizer's part of a step. A task of one network has one; a generator and its discriminator are two."""

    name: str
    trains: tuple[str, ...]
    """modules whose weights follow this phase's losses"""
    optimizer: Optimizer | None = None
    """None: the recipe's"""


class Samples(Protocol):
    """Training samples. Picklable, for reading in other processes."""

    def __len__(self) -> int: ...

    def sample(self, index: int, random: np.random.Generator) -> dict[str, Tensor]:
        """One sample, without a batch dimension; all chance in it comes from `random`."""
        ...


class Task(Protocol):
    """What is trained, and on what. Everything is read after `prepare`."""

    @property
    def phases(self) -> Sequence[Phase]: ...

    @property
    def metric(self) -> str:
        """The figure that decides which weights are best."""
        ...

    @property
    def directions(self) -> Mapping[str, Literal["min", "max"]]:
        """Which way each figure is better."""
        ...

    @property
    def results(self) -> Sequence[str]:
        """Modules whose weights are the outcome; they are averaged where the recipe says so."""
        ...

    @property
    def training(self) -> Samples: ...

    @property
    def validation_size(self) -> int: ...

    @property
    def data_hash(self) -> str:
        """Over names and bytes of all training and validation files."""
        ...

    def prepare(self, folder: Path, progress: Progress) -> None:
        """Find and check the data, before anything is built; what must be made of it first is kept in `folder`. Raises: BadInput, naming all that is wrong."""
        ...

    def build(self) -> dict[str, nn.Module]:
        """The modules by name, float32 on the CPU, ready to train. Chance comes from PyTorch's own generator, which the trainer has seeded."""
        ...

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        """The weighted terms whose sum the phase makes small, scalars, means over the batch."""
        ...

    def measure(self, modules: Modules, index: int, device: torch.device) -> Row:
        """Measure the modules on one validation sample."""
        ...

    def summary(self, rows: Sequence[Row]) -> dict[str, float]:
        """The figures of all validation samples, in their order."""
        ...

    def sheet(self, modules: Modules, count: int, device: torch.device) -> Tensor:
        """What the modules do on the first `count` validation samples, uint8, [H, W, 3]."""
        ...

    def card(self, measured: Mapping[str, float]) -> dict[str, Any]:
        """The outcome's card as a table, without what the trainer knows itself (files, hashes, how it was trained)."""
        ...
