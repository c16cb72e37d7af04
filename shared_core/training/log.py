"""What a run writes down as it goes: CSV always, TensorBoard where it is installed."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from .machine import Machine

__all__ = ["Log", "Sums"]


class Sums:
    """Losses since the last row of the log, summed where they were computed: reading them at every step would make a GPU wait."""

    def __init__(self) -> None:
        self.totals: dict[str, Tensor] = {}
        self.count = 0

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take in one step's."""
        self.totals = {name: self.totals[name] + value if self.count else value for name, value in losses.items()}
        self.count += 1

    def means(self, machine: Machine) -> dict[str, float]:
        """The means over the steps and over all processes, and start anew."""
        values = machine.mean(torch.stack(list(self.totals.values())) / self.count).tolist()
        means = dict(zip(self.totals, values, strict=True))
        self.totals, self.count = {}, 0
        return means


class Log:
    """steps.csv (losses, learning rate, seconds), validation.csv (figures), and the same with the sheets for TensorBoard."""

    def __init__(self, folder: Path, resumed_at: int) -> None:
        self.steps, self.validations = folder / "steps.csv", folder / "validation.csv"
        for file in (self.steps, self.validations):
            _cut(file, resumed_at)
        self.board = _board(folder / "tensorboard", resumed_at)

    def step(self, step: int, figures: Mapping[str, float]) -> None:
        """A row on the steps up to `step`."""
        _append(self.steps, {"step": step, **figures})
        self._draw("training", step, figures)

    def validation(self, step: int, figures: Mapping[str, float]) -> None:
        """A row on the weights after `step` steps."""
        _append(self.validations, {"step": step, **figures})
        self._draw("validation", step, figures)

    def sheet(self, step: int, picture: Tensor) -> None:
        """A sheet, uint8, [H, W, 3], for TensorBoard."""
        if self.board:
            self.board.add_image("samples", picture, step, dataformats="HWC")

    def close(self) -> None:
        if self.board:
            self.board.close()

    def _draw(self, group: str, step: int, figures: Mapping[str, float]) -> None:
        if self.board:
            for name, value in figures.items():
                self.board.add_scalar(f"{group}/{name}", value, step)


def _board(folder: Path, resumed_at: int) -> SummaryWriter | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=resumed_at + 1)


def _append(file: Path, row: Mapping[str, float]) -> None:
    new = not file.is_file()
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if new:
            writer.writerow(row)
        writer.writerow(f"{value:.7g}" for value in row.values())


def _cut(file: Path, step: int) -> None:
    """Forget what comes after `step`: those steps are run again. A last line that was cut short goes too."""
    if file.is_file():
        head, *rows = file.read_text(encoding="utf-8").splitlines()
        whole = [row for row in rows if row.count(",") == head.count(",") and float(row.split(",")[0]) <= step]
        file.write_text("\n".join((head, *whole)) + "\n", encoding="utf-8")
