"""A run's folder: checkpoints that are there whole or not at all, the best weights, logs, sheets.

recipe.toml            every setting, as the run began or was last resumed with
checkpoints/000500/    weights-*.safetensors, average-*.safetensors, optimizers.pt, state.json: all that a resumed run needs
best/                  the best weights by validation, best/000500-NAME.safetensors
samples/               sheets
steps.csv, validation.csv, tensorboard/
NAME.safetensors, card.toml    the outcome
"""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import BadInput, ModelCorrupt

__all__ = ["Checkpoint", "RunFolder", "write_whole"]

State = Mapping[str, Tensor]
KEEP = 2
"""checkpoints that stay: should the machine fail while one is in use, the one before is there"""


@dataclass(frozen=True)
class Checkpoint:
    """All that a resumed run needs."""

    weights: Mapping[str, State]
    average: Mapping[str, State]
    optimizers: Mapping[str, Any]
    notes: dict[str, Any]
    """JSON: step, seconds, data hash, ranking"""


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or folder under a temporary name beside `target`, then give it its name. Raises: BadInput, where it cannot be written."""
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        write(part)
        if target.is_dir():
            _remove(target)
        part.replace(target)
    except (OSError, SafetensorError) as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=getattr(error, "strerror", None) or str(error)) from None
    finally:
        _remove(part)


class RunFolder:
    """One run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints, self.best, self.samples = path / "checkpoints", path / "best", path / "samples"

    def latest(self) -> Path | None:
        """The newest checkpoint's folder, None where there is none."""
        return max((one for one in self.checkpoints.glob("[0-9]*") if one.is_dir()), key=lambda one: int(one.name), default=None)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, then delete older ones, and best weights that its notes no longer name."""

        def write(part: Path) -> None:
            part.mkdir()
            for kind, states in (("weights", checkpoint.weights), ("average", checkpoint.average)):
                for name, state in states.items():
                    save_file(dict(state), part / f"{kind}-{name}.safetensors")
            torch.save(checkpoint.optimizers, part / "optimizers.pt")
            (part / "state.json").write_text(json.dumps(checkpoint.notes, indent=1), encoding="utf-8")

        write_whole(self.checkpoints / f"{checkpoint.notes['step']:06d}", write)
        for old in sorted(self.checkpoints.glob("[0-9]*"), key=lambda one: int(one.name))[:-KEEP]:
            _remove(old)
        kept = {f"{one['step']:06d}" for one in checkpoint.notes["ranking"]["best"]}
        for file in self.best.glob("*.safetensors"):
            if file.name.split("-")[0] not in kept:
                file.unlink(missing_ok=True)

    def load(self, folder: Path) -> Checkpoint:
        """Read a checkpoint; nothing in it is executed. Raises: ModelCorrupt, when it is damaged."""
        try:
            return Checkpoint(
                weights=_states(folder, "weights"),
                average=_states(folder, "average"),
                optimizers=_optimizers(folder / "optimizers.pt"),
                notes=json.loads((folder / "state.json").read_text(encoding="utf-8")),
            )
        except (OSError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
            raise ModelCorrupt("The checkpoint {folder} is damaged: {reason}. Delete it to resume from the one before.",
                               folder=str(folder), reason=str(error).split("\n", 1)[0]) from None  # fmt: skip

    def save_best(self, step: int, states: Mapping[str, State]) -> None:
        """Keep the weights of a validated step."""
        for name, state in states.items():
            write_whole(self.best / f"{step:06d}-{name}.safetensors", lambda part, state=state: save_file(dict(state), part))

    def load_best(self, step: int, name: str) -> dict[str, Tensor]:
        """Weights kept by `save_best`."""
        return load_file(self.best / f"{step:06d}-{name}.safetensors")


def _states(folder: Path, kind: str) -> dict[str, dict[str, Tensor]]:
    return {file.stem.removeprefix(f"{kind}-"): load_file(file) for file in sorted(folder.glob(f"{kind}-*.safetensors"))}


def _optimizers(file: Path) -> dict[str, Any]:
    if not zipfile.is_zipfile(file):  # PyTorch before 2.6 ran code from its oldest formats in spite of weights_only (CVE-2025-32434)
        raise ValueError(f"{file.name} is no archive of PyTorch's")
    return torch.load(file, map_location="cpu", weights_only=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
