"""Which engine, in which precision, runs a weights file on a device: the fastest that keeps to the precision contract."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from ...errors import BadInput
from ..cards import Card
from ..devices import choose_precision
from ..precision import differences, limits, samples, stretched
from ..store import sha256
from . import openvino_engine, torch_engine
from .kept import keep_facts, kept_facts, short_hash

__all__ = ["ENGINES", "Way", "open_model", "ways"]

log = logging.getLogger(__name__)

ENGINES = ("auto", "torch", "openvino")
WORTH = 1.1
"""times as fast as float32 in PyTorch that another way must be to be taken"""

EngineModel = openvino_engine.OpenVINOModel | torch_engine.TorchModel
"""a `Model` that knows how much memory its weights take"""


@dataclass(frozen=True)
class Way:
    """One way to run a weights file."""

    engine: Literal["torch", "openvino"]
    precision: Literal["fp32", "bf16", "fp16"]

    def __str__(self) -> str:
        return f"{'OpenVINO' if self.engine == 'openvino' else 'PyTorch'} {self.precision}"

    def open(self, card: Card, file: Path, device: torch.device) -> EngineModel:
        """The model, run this way. Raises: ModelCorrupt, BadInput, OutOfMemory; ImportError, RuntimeError where the engine does not work here."""
        if self.engine == "openvino":
            return openvino_engine.open_model(card, file, "bf16" if self.precision == "bf16" else "f32")
        return torch_engine.open_model(card, file, device, choose_precision(self.precision))

    def identity(self, device: torch.device) -> str:
        """Changes with everything that the outcome of a measurement depends on, but for the weights. Raises: ImportError, RuntimeError."""
        return openvino_engine.identity() if self.engine == "openvino" else torch_engine.identity(device)


REFERENCE = Way("torch", "fp32")
AUTOMATIC = {
    "cpu": (Way("openvino", "bf16"), Way("openvino", "fp32"), Way("torch", "bf16"), REFERENCE),
    "cuda": (Way("torch", "fp16"), Way("torch", "bf16"), REFERENCE),
}
"""what "auto" tries on a device, in this order; elsewhere it takes the reference"""


def ways(device: torch.device, precision: str, engine: str) -> list[Way]:
    """The ways that serve a wish, the one tried first at the front. Raises: BadInput, for an engine or a precision that is not there."""
    if engine not in ENGINES:
        raise BadInput("There is no engine '{name}'; there are: {known}.", name=engine, known=", ".join(ENGINES))
    openvino = device.type == "cpu" and engine != "torch" and openvino_engine.is_installed()
    if engine == "openvino" and not openvino:
        raise BadInput("The engine OpenVINO is not installed, or the device is not the CPU. Get it with: pip install 'u2studio[fast]'")
    if precision == "auto":
        known = AUTOMATIC.get(device.type, (REFERENCE,))
    else:
        choose_precision(precision)
        known = tuple(Way(name, precision) for name in ("openvino", "torch") if (name, precision) != ("openvino", "fp16"))  # pyright: ignore[reportArgumentType]
    fits = [way for way in known if way.engine == "torch" or openvino]
    return [way for way in fits if engine in ("auto", way.engine)] or fits


def open_model(card: Card, file: Path, device: torch.device, precision: str = "auto", engine: str = "auto") -> EngineModel:
    """The card's model from its weights file, run the best way there is here.

    "auto" measures, once for each weights file, engine, version and processor, whether a way keeps to the precision contract and is faster than float32 in
    PyTorch, which is what remains when none does. That takes some seconds the first time.

    Args:
        card: what the file holds.
        file: of the weights.
        device: where to run.
        precision: "auto"; or "fp32", "bf16", "fp16", taken as asked for without measuring.
        engine: "auto", "torch" or "openvino".
    Raises: ModelCorrupt, BadInput, OutOfMemory.
    """
    *preferred, last = ways(device, precision, engine)
    trial = _Trial(card, file, device)
    for way in preferred:
        if trial.works(way) and (precision != "auto" or trial.passes(way)):
            return trial.model(way)
    return trial.model(last)


class _Trial:
    """Ways of one weights file, measured against the reference; models opened for it can be used on."""

    def __init__(self, card: Card, file: Path, device: torch.device) -> None:
        self.card, self.file, self.device = card, file, device
        self.opened: dict[Way, EngineModel] = {}

    def works(self, way: Way) -> bool:
        """Whether the engine runs here, on a processor that has what this way needs."""
        try:
            if (way.engine, way.precision) == ("openvino", "bf16") and not openvino_engine.has_bf16():
                return False
            self.model(way)
        except (ImportError, RuntimeError) as error:
            log.warning("%s does not work here: %s", way, error)
            return False
        return True

    def passes(self, way: Way) -> bool:
        """Whether this way keeps to the contract and is worth it; from what is kept, else measured now."""
        size = self.card.profile().preprocess.size
        subject = f"{sha256(self.file)[:32]}-{way.engine}-{way.precision}-{size}"
        circumstances = short_hash(way.identity(self.device), self.card.profile(), torch.get_num_threads())
        facts = kept_facts(subject, circumstances)
        if facts is None:
            facts = self._measured(way)
            keep_facts(subject, circumstances, facts)
        return bool(facts.get("passes"))

    def _measured(self, way: Way) -> dict[str, object]:
        reference, candidate = self.model(REFERENCE), self.model(way)
        times: dict[Way, float] = {}
        masks: dict[Way, list[Tensor]] = {REFERENCE: [], way: []}
        for batch in samples(self.card):
            for one, model in ((REFERENCE, reference), (way, candidate)):
                (logits,), seconds = _timed(lambda model=model, batch=batch: model(batch))
                masks[one].append(stretched(self.card, logits))
                times[one] = min(times.get(one, seconds), seconds)
        found = differences(masks[REFERENCE], masks[way])
        faster = times[REFERENCE] / times[way]
        passes = found.within(limits(self.card.profile().preprocess.size)) and faster >= WORTH
        log.info("%s by %s: masks stray from float32 by %.5f (worst picture %.5f, %.3f %% of pixels cross one half); %.1f times as fast; %s.",
                 self.card.id, way, found.mean, found.worst, 100 * found.flips, faster, "taken" if passes else "not taken")  # fmt: skip
        return {**asdict(found), "times_faster": faster, "passes": passes}

    def model(self, way: Way) -> EngineModel:
        """The model run this way, opened once."""
        if way not in self.opened:
            self.opened[way] = way.open(self.card, self.file, self.device)
        return self.opened[way]


def _timed(work: Callable[[], list[Tensor]]) -> tuple[list[Tensor], float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
