"""A task of its own for tests of the core: a network of a few hundred weights with batch-norm and dropout that learns to double a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from u2studio.shared_core.progress import Progress
from u2studio.shared_core.training.loop import Ending, Orders, Trainer
from u2studio.shared_core.training.machine import Machine
from u2studio.shared_core.training.recipe import Core, Recipe
from u2studio.shared_core.training.run_folder import RunFolder
from u2studio.shared_core.training.settings import read_settings
from u2studio.shared_core.training.task import Batch, Modules, Phase


@dataclass(frozen=True)
class NoSettings:
    """This task has no tables of its own."""


class Doubling:
    """Samples: a random 6×6 plane with noise, and its double."""

    def __len__(self) -> int:
        return 10

    def sample(self, index: int, random: np.random.Generator) -> dict[str, Tensor]:
        plane = np.random.default_rng(index).random((1, 6, 6), np.float32) + random.standard_normal((1, 6, 6), np.float32) * np.float32(0.1)
        return {"x": torch.from_numpy(plane), "y": torch.from_numpy(2 * plane)}


class DoublingTask:
    """One network, validated on three planes."""

    phases: Sequence[Phase] = (Phase("network", ("network",)),)
    metric = "error"
    directions: Mapping[str, Literal["min", "max"]] = {"error": "min"}
    results: Sequence[str] = ("network",)
    training = Doubling()
    validation_size = 3
    data_hash = "none"

    def prepare(self, folder: Path, progress: Progress) -> None:
        pass

    def build(self) -> dict[str, nn.Module]:
        return {"network": nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(4, 1, 3, padding=1))}

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        return {"mse": F.mse_loss(modules["network"](batch["x"]).float(), batch["y"])}

    def measure(self, modules: Modules, index: int, device: torch.device) -> float:
        sample = self.training.sample(index, np.random.default_rng(index))
        return float(F.l1_loss(modules["network"](sample["x"][None].to(device)).float(), sample["y"][None]))

    def summary(self, rows: Sequence[float]) -> dict[str, float]:
        return {"error": sum(rows) / len(rows)}

    def sheet(self, modules: Modules, count: int, device: torch.device) -> Tensor:
        return torch.zeros(8, 8 * count, 3, dtype=torch.uint8)

    def card(self, measured: Mapping[str, float]) -> dict[str, Any]:
        return {"quality": dict(measured)}


class RivalsTask(DoublingTask):
    """Two networks and two optimizers, as a generator and its discriminator have."""

    phases = (Phase("maker", ("maker",)), Phase("judge", ("judge",)))
    results = ("maker",)

    def build(self) -> dict[str, nn.Module]:
        return {"maker": nn.Conv2d(1, 1, 3, padding=1), "judge": nn.Conv2d(1, 1, 3, padding=1)}

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        made = modules["maker"](batch["x"])
        if phase == "maker":
            return {"fooled": -modules["judge"](made).mean(), "near": F.l1_loss(made, batch["y"])}
        return {"hinge": F.relu(1 - modules["judge"](batch["y"])).mean() + F.relu(1 + modules["judge"](made.detach())).mean()}

    def measure(self, modules: Modules, index: int, device: torch.device) -> float:
        return super().measure({"network": modules["maker"]}, index, device)


def core(**changes: Any) -> Core:
    """Twelve steps of four samples with everything switched on."""
    table = {
        "task": "doubling", "steps": 12, "batch": 4, "device": "cpu", "checkpoint_every": 4, "log_every": 2,
        "optimizer": {"name": "adamw", "weight_decay": 0.01, "clip": 1.0}, "rate": {"warm_up": 2, "decay": "cosine"}, "average": {"decay": 0.9},
        "validation": {"every": 3, "keep": 2}, "samples": {"every": 6, "count": 2},
    }  # fmt: skip
    return read_settings(Core, {**table, **changes})


def run(folder: Path, task: Any = None, orders: Orders | None = None, **changes: Any) -> Ending:
    """Run the recipe in a folder, going on with what lies there."""
    recipe = Recipe("doubling", core(**changes), NoSettings())
    files = RunFolder(folder)
    latest = files.latest()
    folder.mkdir(exist_ok=True)
    trainer = Trainer(recipe, task or DoublingTask(), Machine(recipe.core), files, orders or Orders(), resumed=files.load(latest) if latest else None)
    return trainer.run()
