"""Which engine, in which precision, runs a weights file on a device: the fastest that keeps to the precision contract."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ...arrays import Array
from ...errors import BadInput
from ..cards import Card
from ..devices import choose_precision, cpu_threads
from ..precision import differences, limits, samples, sensitivity, stretched
from ..source import Model
from ..store import sha256
from . import openvino_engine
from .kept import keep_facts, kept_facts, short_hash

__all__ = ["ENGINES", "Way", "open_model", "ways"]

log = logging.getLogger(__name__)

Map = NDArray[np.float32]
ENGINES = ("auto", "torch", "openvino")


@dataclass(frozen=True)
class Way:
    """One way to run a weights file."""

    engine: Literal["torch", "openvino"]
    precision: Literal["fp32", "bf16", "fp16"]

    def __str__(self) -> str:
        return f"{'OpenVINO' if self.engine == 'openvino' else 'PyTorch'} {self.precision}"

    def open(self, card: Card, file: Path, device: str, at_once: int = 1) -> EngineModel:
        """The model, run this way. Raises: ModelCorrupt, BadInput, OutOfMemory; ImportError, RuntimeError where the engine does not work here."""
        if self.engine == "openvino":
            return openvino_engine.open_model(card, file, "bf16" if self.precision == "bf16" else "f32", at_once)
        from . import torch_engine

        return torch_engine.open_model(card, file, device, self.precision)

    def identity(self, device: str) -> str:
        """Changes with everything that the outcome of a measurement depends on, but for the weights. Raises: ImportError, RuntimeError."""
        if self.engine == "openvino":
            return openvino_engine.identity()
        from . import torch_engine

        return torch_engine.identity(device)

    def fits_processor(self) -> bool:
        """Whether this machine's CPU has what it takes to be quicker this way than in float32. Raises: as `identity`."""
        if self.precision != "bf16":
            return True
        if self.engine == "openvino":
            return openvino_engine.has_bf16()
        from . import torch_engine

        return torch_engine.has_bf16()


REFERENCE = Way("torch", "fp32")
AUTOMATIC = {
    "cpu": (Way("openvino", "bf16"), Way("openvino", "fp32"), Way("torch", "bf16"), REFERENCE),
    "cuda": (Way("torch", "fp16"), Way("torch", "bf16"), REFERENCE),
}
"""what "auto" tries on a device, in this order; elsewhere it takes the reference"""


def ways(device: str, precision: str, engine: str) -> list[Way]:
    """The ways that serve a wish, the one tried first at the front. Raises: BadInput, for an engine or a precision that is not there."""
    if engine not in ENGINES:
        raise BadInput("There is no engine '{name}'; there are: {known}.", name=engine, known=", ".join(ENGINES))
    openvino = device == "cpu" and engine != "torch" and openvino_engine.is_installed()
    if engine == "openvino" and not openvino:
        raise BadInput("The engine OpenVINO is not installed, or the device is not the CPU. Get it with: pip install 'u2studio[fast]'")
    if precision == "auto":
        known = AUTOMATIC.get(device.partition(":")[0], (REFERENCE,))
    else:
        choose_precision(precision)
        known = tuple(Way(name, precision) for name in ("openvino", "torch") if (name, precision) != ("openvino", "fp16"))  # pyright: ignore[reportArgumentType]
    fits = [way for way in known if way.engine == "torch" or openvino]
    return [way for way in fits if engine in ("auto", way.engine)] or fits


def open_model(card: Card, file: Path, device: str, precision: str = "auto", engine: str = "auto", at_once: int = 1) -> EngineModel:
    """The card's model from its weights file, run the best way there is here.

    "auto" takes the first way of `AUTOMATIC` that keeps to the precision contract, else float32 in PyTorch. That is measured once for each weights file,
    engine, version and processor, which takes some seconds.

    Args:
        card: what the file holds.
        file: of the weights.
        device: where to run: "cpu", "cuda:0", … as `choose_device` gives it.
        precision: "auto"; or "fp32", "bf16", "fp16", taken as asked for without measuring.
        engine: "auto", "torch" or "openvino".
        at_once: so many threads will run pictures at a time; engines may divide the processors between them.
    Raises: ModelCorrupt, BadInput, OutOfMemory.
    """
    if card.network.separable or card.network.name == "rrdbnet":  # the other ways, and the contract, know networks of U²-Net's published units only
        return REFERENCE.open(card, file, device)
    *preferred, last = ways(device, precision, engine)
    trial = _Trial(card, file, device, at_once)
    for way in preferred:
        if trial.works(way) and (model := trial.model(way) if precision != "auto" else trial.proven(way)):
            return model
    return trial.model(last)


class EngineModel(Model, Protocol):
    """A `Model` that says how much memory its weights take."""

    @property
    def nbytes(self) -> int: ...


class GuardedModel:
    """A fast model, and an exact one that runs those pictures again whose masks are so unsure that the fast one's errors could show."""

    def __init__(self, fast: EngineModel, open_exact: Callable[[], EngineModel], unsure_above: float) -> None:
        self.card, self.sha256, self.fast, self.unsure_above = fast.card, fast.sha256, fast, unsure_above
        self.run_again = 0
        """pictures so far"""
        self._exact: EngineModel | None = None
        self._open_exact = open_exact
        self._lock = Lock()

    @property
    def nbytes(self) -> int:
        """Memory the weights take."""
        return self.fast.nbytes + (self._exact.nbytes if self._exact else 0)

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        """See `source.Model`. Raises: OutOfMemory."""
        results = self.fast(batch, side_outputs=side_outputs)
        # at another size than the card's as much more may show as the contract allows there
        limit = self.unsure_above * limits(max(batch.shape[2:])).worst / limits(self.card.profile().preprocess.size).worst
        for index in range(len(batch)):
            if sensitivity(self.card, results[0][index : index + 1]) > limit:
                for result, exact in zip(results, self._again(batch[index : index + 1], side_outputs), strict=True):
                    result[index] = exact[0]
        return results

    def _again(self, one: Array, side_outputs: bool) -> list[Array]:
        with self._lock:
            self.run_again += 1
            self._exact = self._exact or self._open_exact()
        return self._exact(one, side_outputs=side_outputs)


class _Trial:
    """Ways of one weights file, measured against the reference; models opened for it can be used on."""

    def __init__(self, card: Card, file: Path, device: str, at_once: int) -> None:
        self.card, self.file, self.device, self.at_once = card, file, device, at_once
        self._opened: dict[Way, EngineModel] = {}

    def works(self, way: Way) -> bool:
        """Whether the engine runs here, on a processor that has what this way needs."""
        try:
            if self.device == "cpu" and not way.fits_processor():
                return False
            self.model(way)
        except (ImportError, RuntimeError) as error:
            log.warning("%s does not work here: %s", way, error)
            return False
        return True

    def model(self, way: Way) -> EngineModel:
        """The model run this way, opened once."""
        if way not in self._opened:
            self._opened[way] = way.open(self.card, self.file, self.device, self.at_once)
        return self._opened[way]

    def proven(self, way: Way) -> EngineModel | None:
        """The model run this way, guarded, where it keeps to the contract; by what is kept, else measured now."""
        size = self.card.profile().preprocess.size
        subject = f"{sha256(self.file)[:32]}-{way.engine}-{way.precision}-{size}"
        circumstances = short_hash(way.identity(self.device), self.card.profile(), cpu_threads())
        facts = kept_facts(subject, circumstances)
        if facts is None:
            facts = self._measured(way)
            keep_facts(subject, circumstances, facts)
        limit = facts.get("unsure_above")
        if not facts.get("passes") or not isinstance(limit, float):
            return None
        exact = Way(way.engine, "fp32")
        return GuardedModel(self.model(way), lambda: exact.open(self.card, self.file, self.device, self.at_once), limit) if way != exact else self.model(way)

    def _measured(self, way: Way) -> dict[str, object]:
        pairs: list[tuple[Map, Map]] = []
        shows: list[float] = []
        for batch in samples(self.card):
            (exact,), (fast,) = self.model(REFERENCE)(batch), self.model(way)(batch)
            pairs.append((stretched(self.card, exact), stretched(self.card, fast)))
            shows.append(sensitivity(self.card, fast))
        return self._judged(way, pairs, shows)

    def _judged(self, way: Way, pairs: list[tuple[Map, Map]], shows: list[float]) -> dict[str, object]:
        """What to keep. Pictures whose masks are so unsure that the error could be beyond the worst allowed will be run again in float32; few may be."""
        allowed = limits(self.card.profile().preprocess.size)
        strays = max(float(np.abs(exact - fast).mean()) / max(show, 1e-6) for (exact, fast), show in zip(pairs, shows, strict=True))
        limit = min(allowed.worst / strays, 1.0) if strays > 0 else 1.0
        again = [show > limit for show in shows]
        found = differences([exact for exact, _ in pairs], [exact if one else fast for (exact, fast), one in zip(pairs, again, strict=True)])
        passes = found.within(allowed) and 2 * sum(again) < len(again)
        log.info("%s by %s: masks stray from float32 by %.5f (worst picture %.5f, %.3f %% of pixels cross one half), %d of %d pictures run again; %s.",
                 self.card.id, way, found.mean, found.worst, 100 * found.flips, sum(again), len(again), "taken" if passes else "not taken")  # fmt: skip
        return {**asdict(found), "unsure_above": limit, "passes": passes}
