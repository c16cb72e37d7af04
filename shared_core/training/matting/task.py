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
from ...models.cards import Network, Reading
from ...models.recognise import recognise
from ...pipelines.network_alpha import network_input
from ...progress import Progress
from ..task import Batch, Modules, Phase
from .classes import coloured, confusion, figures
from .losses import deep_supervision
from .networks import build_network
from .pairs import PhotoMask, Problems, check_pairs, find_pairs, held_out, read_label_map, read_mask, read_photo
from .samples import MattingSamples, preprocess, truth
from .settings import MattingSettings

__all__ = ["MattingTask"]

UNFOLDED_ON = 8
"""training pictures that batch-norm is measured on"""
TILE = 200
"""height of a picture on a sheet, pixels"""


FIGURES: Mapping[str, Literal["min", "max"]] = {"mae": "min", "max_f": "max", "weighted_f": "max", "s_measure": "max", "relaxed_boundary_f": "max"}


class MattingTask:
    """One network, one phase; see `..task.Task` for what each part is."""

    phases = (Phase("network", ("network",)),)
    results = ("network",)

    def __init__(self, settings: MattingSettings) -> None:
        self.settings = settings
        self.training = MattingSamples((), settings.data, settings.augmentation)
        self.validation: list[PhotoMask] = []
        self.data_hash = ""
        self.network = Network(name="u2net")

    @property
    def metric(self) -> str:
        return "mean_iou" if self.settings.data.classes else "mae"

    @property
    def directions(self) -> Mapping[str, Literal["min", "max"]]:
        if self.settings.data.classes:
            return dict.fromkeys(("mean_iou", "accuracy", *(f"iou_{name}" for name in self.settings.data.classes)), "max")
        return FIGURES

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    def prepare(self, folder: Path, progress: Progress) -> None:
        data, problems = self.settings.data, Problems()
        if not data.train:
            raise BadInput("The recipe names no training pictures; say where they are: --set data.train=FOLDER.")
        if len(data.classes) == 1:
            raise BadInput("data.classes names one class; two are the least, the background first.")
        weights = self.settings.loss.class_weights
        if weights and len(weights) != len(data.classes):
            raise BadInput("{name} is {value}; it must be a list of {count}.", name="loss.class_weights", value=repr(list(weights)), count=len(data.classes))
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
        self.data_hash = check_pairs([*train, *self.validation], len(data.classes), problems, progress)
        problems.refuse()
        if not train or not self.validation:
            raise BadInput("There are {train} pictures to train with and {validation} to validate with; both are needed.",
                           train=len(train), validation=len(self.validation))  # fmt: skip
        self.training = MattingSamples(tuple(train), data, self.settings.augmentation)

    def build(self) -> dict[str, nn.Module]:
        network = build_network(self.settings.network, max(1, len(self.settings.data.classes)), self._some_pictures)
        self.network = recognise(network.state_dict(), "").network
        return {"network": network}

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        return deep_supervision(modules["network"](batch["image"]), batch["alpha"], self.settings.loss, step)

    def measure(self, modules: Modules, index: int, device: torch.device) -> Any:
        pair, count = self.validation[index], len(self.settings.data.classes)
        alpha = self._alpha(modules["network"], pair, device)
        if count:
            labels = read_label_map(pair)
            return confusion(F.interpolate(alpha, labels.shape, mode="bilinear")[0].argmax(0).numpy(), labels, count)
        mask = read_mask(pair)
        scored = Pair.of(enlarge_map(alpha[:, 0], *mask.shape)[0].clamp(0, 1).numpy(), 1 - mask if self.settings.data.invert else mask)
        return {"mae": mae(scored), "max_f": f_curve(scored), "weighted_f": weighted_f(scored), "s_measure": s_measure(scored),
                "relaxed_boundary_f": relaxed_boundary_f(scored)}  # fmt: skip

    def summary(self, rows: Sequence[Any]) -> dict[str, float]:
        if self.settings.data.classes:
            return figures(rows, self.settings.data.classes)
        return {name: float(np.mean([row[name] for row in rows], axis=0).max()) for name in self.directions}  # max F: the maximum of the mean curve

    def sheet(self, modules: Modules, count: int, device: torch.device) -> Tensor:
        """Photo, what it should be, what it is: a column for each picture."""
        columns = []
        for pair in self.validation[:count]:
            photo = torch.from_numpy(read_photo(pair)).permute(2, 0, 1)[None] / 255
            true, found = (_shown(one) for one in (torch.from_numpy(truth(pair, self.settings.data))[None], self._alpha(modules["network"], pair, device)))
            tiles = [F.interpolate(one, (TILE, TILE), mode="bilinear", antialias=True, align_corners=False)[0] for one in (photo, true, found)]
            columns.append(F.pad(torch.cat(tiles, 1), (2, 2, 2, 2), value=1.0))
        return torch.cat(columns, 2).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous()

    def card(self, measured: Mapping[str, float]) -> dict[str, Any]:
        data = self.settings.data
        network = {name: value for name, value in asdict(self.network).items() if value}
        default = {"preprocess": {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(preprocess(data)).items()},
                   "reading": asdict(Reading(activation="softmax", min_max="never") if data.classes else Reading())}  # fmt: skip
        return {
            "title": f"{self.network}, trained here",
            "summary": "Trained by a recipe of u2studio; the recipe stands in the card.",
            "task": "clothes" if data.classes else "matting",
            "licence": "",
            "authors": "",
            "paper": "",
            "limits": f"Sees the picture at {data.size}×{data.size}.",
            **({"classes": list(data.classes)} if data.classes else {}),
            "network": network,
            "profiles": {"default": default},
            "trained_on": f"{len(self.training)} pictures of {', '.join(sorted({one.name.split('/')[0] for one in self.training.pairs}))}",
            "validated_on": f"{self.validation_size} pictures",
            "quality": {name: round(value, 6) for name, value in measured.items()},
        }

    def _some_pictures(self) -> Tensor:
        return torch.stack([self.training.sample(index % len(self.training), np.random.default_rng(index))["image"] for index in range(UNFOLDED_ON)])

    def _alpha(self, network: nn.Module, pair: PhotoMask, device: torch.device) -> Tensor:
        """What the network makes of a photo fed by the card's rules: chances, [1, 1 or classes, size, size], float32 on the CPU."""
        prepared, _ = network_input(torch.from_numpy(read_photo(pair))[None], preprocess(self.settings.data))
        logits = network(prepared.to(device))[0].float().cpu()
        return logits.softmax(1) if self.settings.data.classes else logits.sigmoid()


def _shown(alpha: Tensor) -> Tensor:
    return coloured(alpha) if alpha.shape[1] > 1 else alpha.expand(-1, 3, -1, -1)


def _folder(place: str) -> Path:
    return Path(os.path.expandvars(place)).expanduser()
