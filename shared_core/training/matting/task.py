"""Matting as a task: photos and masks in, the subject's alpha out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import BadInput
from ...evaluation.boundary import relaxed_boundary_f, weighted_f
from ...evaluation.pair import Pair
from ...evaluation.saliency import f_curve, mae, s_measure
from ...imaging.resize import enlarge_map
from ...models.cards import Reading
from ...pipelines.network_alpha import network_input
from ...progress import Progress
from ..task import Batch, Modules, Phase
from .losses import deep_supervision
from .networks import build_network, network_of
from .pairs import PhotoMask, Problems, check_pairs, find_pairs, held_out, read_mask, read_photo
from .samples import MattingSamples, label, preprocess
from .settings import MattingSettings

__all__ = ["MattingTask"]

TILE = 200
"""height of a picture on a sheet, pixels"""


class MattingTask:
    """One network, one phase; see `..task.Task` for what each part is."""

    phases = (Phase("network", ("network",)),)
    metric = "mae"
    directions: Mapping[str, Literal["min", "max"]] = {"mae": "min", "max_f": "max", "weighted_f": "max", "s_measure": "max", "relaxed_boundary_f": "max"}
    results = ("network",)

    def __init__(self, settings: MattingSettings) -> None:
        self.settings = settings
        self.training = MattingSamples((), settings.data, settings.augmentation)
        self.validation: list[PhotoMask] = []
        self.data_hash = ""

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    def prepare(self, folder: Path, progress: Progress) -> None:
        data, problems = self.settings.data, Problems()
        if not data.train:
            raise BadInput("The recipe names no training pictures; say where they are: --set data.train=FOLDER.")
        if data.crop > data.size:
            raise BadInput("data.crop is {crop}, larger than data.size, {size}.", crop=data.crop, size=data.size)
        train: list[PhotoMask] = []
        self.validation = []
        for place in data.train:
            splits = find_pairs(_folder(place), data, folder / "masks", problems)
            train += splits.get("train", []) + splits.get("", [])
            self.validation += [] if data.validation else splits.get("validation", [])
        for place in data.validation:
            splits = find_pairs(_folder(place), data, folder / "masks", problems)
            self.validation += splits.get("validation", []) or [one for pairs in splits.values() for one in pairs]
        if not self.validation:
            train, self.validation = held_out(train, data.held_out)
        self.data_hash = check_pairs([*train, *self.validation], problems, progress)
        problems.refuse()
        if not train or not self.validation:
            raise BadInput("There are {train} pictures to train with and {validation} to validate with; both are needed.",
                           train=len(train), validation=len(self.validation))  # fmt: skip
        self.training = MattingSamples(tuple(train), data, self.settings.augmentation)

    def build(self) -> dict[str, nn.Module]:
        return {"network": build_network(self.settings.network)}

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        return deep_supervision(modules["network"](batch["image"]), batch["alpha"], self.settings.loss, step)

    def measure(self, modules: Modules, index: int, device: torch.device) -> dict[str, float]:
        pair = self.validation[index]
        mask = read_mask(pair)
        alpha = self._alpha(modules["network"], pair, device)
        scored = Pair.of(enlarge_map(alpha, *mask.shape)[0].clamp(0, 1).numpy(), 1 - mask if self.settings.data.invert else mask)
        return {"mae": mae(scored), "max_f": float(f_curve(scored).max()), "weighted_f": weighted_f(scored), "s_measure": s_measure(scored),
                "relaxed_boundary_f": relaxed_boundary_f(scored)}  # fmt: skip

    def summary(self, rows: Sequence[dict[str, float]]) -> dict[str, float]:
        return {name: float(np.mean([row[name] for row in rows])) for name in self.directions}

    def sheet(self, modules: Modules, count: int, device: torch.device) -> Tensor:
        """Photo, what it should be, what it is: a column for each picture."""
        columns = []
        for pair in self.validation[:count]:
            photo = torch.from_numpy(read_photo(pair)).permute(2, 0, 1)[None] / 255
            true = torch.from_numpy(label(read_mask(pair), self.settings.data))[None, None].expand(-1, 3, -1, -1)
            found = self._alpha(modules["network"], pair, device)[:, None].expand(-1, 3, -1, -1)
            tiles = [F.interpolate(one, (TILE, TILE), mode="bilinear", antialias=True, align_corners=False)[0] for one in (photo, true, found)]
            columns.append(F.pad(torch.cat(tiles, 1), (2, 2, 2, 2), value=1.0))
        return torch.cat(columns, 2).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous()

    def card(self, figures: Mapping[str, float]) -> dict[str, Any]:
        data = self.settings.data
        network = {name: value for name, value in asdict(network_of(self.settings.network)).items() if value}
        default = {"preprocess": {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(preprocess(data)).items()},
                   "reading": asdict(Reading())}  # fmt: skip
        return {
            "task": "matting",
            "network": network,
            "profiles": {"default": default},
            "trained_on": f"{len(self.training)} pictures of {', '.join(sorted({one.name.split('/')[0] for one in self.training.pairs}))}",
            "validated_on": f"{self.validation_size} pictures",
            "quality": {name: round(value, 6) for name, value in figures.items()},
        }

    def _alpha(self, network: nn.Module, pair: PhotoMask, device: torch.device) -> Tensor:
        """What the network makes of a photo fed by the card's rules, [1, size, size], float32 on the CPU."""
        prepared, _ = network_input(torch.from_numpy(read_photo(pair))[None], preprocess(self.settings.data))
        return network(prepared.to(device))[0][:, 0].float().sigmoid().cpu()


def _folder(place: str) -> Path:
    return Path(os.path.expandvars(place)).expanduser()
