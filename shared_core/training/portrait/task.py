"""Portrait drawing as a task: aligned photos and line drawings in, the ink of each photo's drawing out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from ...errors import BadInput, ModelCorrupt
from ...evaluation.line_drawings import DrawingFigures, compare_drawings
from ...models.cards import Network, Reading, card
from ...models.load import load
from ...models.prepare import prepare
from ...networks.patch_critic import PatchCritic
from ...pipelines.network_alpha import network_input
from ...progress import Progress
from ..matting.networks import build_network
from ..matting.pairs import PhotoMask, Problems, check_pairs, held_out
from ..matting.settings import NetworkSettings as StartSettings
from ..task import Batch, Modules, Phase
from .losses import critic_hinge, likeness, shown, taken_for_real
from .pairs import find_drawings, read_drawing, read_face
from .samples import PREPROCESS, PortraitSamples
from .settings import PortraitSettings

__all__ = ["PortraitTask"]

TILE = 320
"""height of a picture on a sheet, pixels"""
MATTE = "u2netp"
"""the card whose network tells persons from backgrounds"""
FIGURES: Mapping[str, Literal["min", "max"]] = {
    "score": "max", "l1": "min", "ink_f": "max", "rim_f": "max", "ink_share_error": "min", "background": "min"
}  # fmt: skip


class PortraitTask:
    """One network, and beside it a critic where the recipe asks for one; see `..task.Task` for what each part is."""

    results = ("network",)
    metric = "score"
    directions = FIGURES

    def __init__(self, settings: PortraitSettings) -> None:
        self.settings = settings
        self.training = PortraitSamples((), settings.data, settings.augmentation)
        self.validation: list[PhotoMask] = []
        self.data_hash = ""
        self.drawn: Tensor | None = None

    @property
    def phases(self) -> Sequence[Phase]:
        network = Phase("network", ("network",))
        return (network, Phase("critic", ("critic",), self.settings.adversary.optimizer)) if self.settings.loss.adversarial else (network,)

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    def prepare(self, folder: Path, progress: Progress) -> None:
        data, problems = self.settings.data, Problems()
        if not data.train:
            raise BadInput("The recipe names no training pictures; say where they are: --set data.train=FOLDER.")
        train: list[PhotoMask] = []
        self.validation = []
        for places, is_training in ((data.train, True), (data.validation, False)):
            for place in places:
                splits = find_drawings(_folder(place), align_faces=data.align_faces, work=folder / "drawings", problems=problems)
                if is_training:
                    train += splits.get("train", []) + splits.get("", [])
                if not is_training or not data.validation:
                    self.validation += splits.get("validation", []) or ([] if is_training else [one for pairs in splits.values() for one in pairs])
        if not self.validation:
            train, self.validation = held_out(train, data.held_out)
        self.data_hash = check_pairs([*train, *self.validation], 0, problems, progress)
        problems.refuse()
        if not train or not self.validation:
            raise BadInput("There are {train} pictures to train with and {validation} to validate with; both are needed.",
                           train=len(train), validation=len(self.validation))  # fmt: skip
        persons = self._persons(train, progress) if self.settings.augmentation.background else {}
        self.training = PortraitSamples(tuple(train), data, self.settings.augmentation, persons)

    def build(self) -> dict[str, nn.Module]:
        modules: dict[str, nn.Module] = {"network": build_network(StartSettings(name="u2netp", start=self.settings.network.start))}
        if self.settings.loss.adversarial:
            modules["critic"] = self._critic()
        return modules

    def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
        loss, photo, ink = self.settings.loss, batch["image"], batch["ink"]
        if phase == "critic":
            assert self.drawn is not None, "the network's phase comes first"
            judged = modules["critic"](torch.cat((shown(photo, ink), shown(photo, self.drawn))))[-1]
            return critic_hinge(*judged.chunk(2))
        outputs = modules["network"](photo)
        terms = likeness(outputs, ink, loss)
        if loss.adversarial:
            drawn = outputs[0].float().sigmoid()
            self.drawn = drawn.detach()
            if step < self.settings.adversary.alone:
                return {**terms, "adversarial": drawn.new_zeros(()), "matching": drawn.new_zeros(())}
            with torch.no_grad():
                real = modules["critic"](shown(photo, ink))
            terms |= taken_for_real(modules["critic"](shown(photo, drawn)), real, loss)
        return terms

    def measure(self, modules: Modules, index: int, device: torch.device) -> DrawingFigures:
        pair = self.validation[index]
        return compare_drawings(self._ink(modules["network"], pair, device), read_drawing(pair) / 255)

    def summary(self, rows: Sequence[DrawingFigures]) -> dict[str, float]:
        """Means over the pairs; the ink share's error is that of the sums, and the score decides."""
        mean = {name: float(np.mean([getattr(row, name) for row in rows])) for name in asdict(rows[0])}
        figures = {
            "l1": mean["l1"], "ink_f": mean["ink_f"], "rim_f": mean["rim_f"], "background": mean["background"],
            "ink_share_error": abs(mean["ink_share"] / max(mean["true_ink_share"], 1e-6) - 1),
        }  # fmt: skip
        return {"score": figures["ink_f"] + figures["rim_f"] - 2 * figures["l1"], **figures}

    def sheet(self, modules: Modules, count: int, device: torch.device) -> Tensor:
        """Photo, artist's drawing, ours: a column for each pair."""
        columns = []
        for pair in self.validation[:count]:
            rows = [read_face(pair).astype(np.float32) / 255, _paper(read_drawing(pair) / 255), _paper(self._ink(modules["network"], pair, device))]
            tiles = [F.interpolate(torch.from_numpy(one).permute(2, 0, 1)[None].float(), (TILE, TILE), mode="area")[0] for one in rows]
            columns.append(F.pad(torch.cat(tiles, 1), (2, 2, 2, 2), value=0.5))
        return torch.cat(columns, 2).clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).contiguous()

    def card(self, measured: Mapping[str, float]) -> dict[str, Any]:
        profile = {"preprocess": {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(PREPROCESS).items()},
                   "reading": asdict(Reading(invert=True))}  # fmt: skip
        network = {name: value for name, value in asdict(Network(name="u2net", small=True)).items() if value}
        return {
            "title": "U²-NetP for portraits, trained here",
            "summary": "Trained by a recipe of u2studio; the recipe stands in the card.",
            "task": "portrait",
            "licence": "",
            "authors": "",
            "paper": "",
            "limits": "For the crop of one head, upright and from the front, 512×512.",
            "network": network,
            "profiles": {"default": profile},
            "trained_on": f"{len(self.training)} pairs of {', '.join(sorted({one.name.split('/')[0] for one in self.training.pairs}))}",
            "validated_on": f"{self.validation_size} pairs",
            "quality": {name: round(value, 6) for name, value in measured.items()},
        }

    def _ink(self, network: nn.Module, pair: PhotoMask, device: torch.device) -> NDArray[np.float32]:
        prepared, _ = network_input(torch.from_numpy(read_face(pair))[None], PREPROCESS)
        return network(prepared.to(device))[0].float().sigmoid()[0, 0].cpu().numpy()

    def _critic(self) -> PatchCritic:
        critic, start = PatchCritic(4, self.settings.adversary.widths), self.settings.adversary.start
        if start:
            try:
                critic.load_state_dict(load_file(_folder(start)))
            except (OSError, RuntimeError, ValueError) as error:
                raise ModelCorrupt("{file} is damaged: {reason}", file=start, reason=str(error).split("\n", 1)[0]) from None
        return critic

    def _persons(self, pairs: Sequence[PhotoMask], progress: Progress) -> dict[str, NDArray[np.uint8]]:
        """The alpha of the person on each photo, [512, 512], by the embedded network."""
        known = card(MATTE)
        network, rules = load(known, prepare(known), torch.device("cpu")), known.profile().preprocess
        found: dict[str, NDArray[np.uint8]] = {}
        for index, pair in enumerate(pairs):
            progress(index, len(pairs), "Finding the persons")
            photo = read_face(pair)
            with torch.inference_mode():
                alpha = network(network_input(torch.from_numpy(photo)[None], rules)[0])[0].sigmoid()[0, 0].numpy()
            found[pair.name] = np.rint(cv2.resize(alpha, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR) * 255).astype(np.uint8)
        return found


def _paper(ink: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.repeat(1 - ink[:, :, None], 3, 2).astype(np.float32)


def _folder(place: str) -> Path:
    return Path(os.path.expandvars(place)).expanduser()
