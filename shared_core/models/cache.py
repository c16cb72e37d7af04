"""Models kept in memory up to a budget: the `ModelSource` of the command line and the worker."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from threading import RLock
from typing import NamedTuple

from ..errors import OutOfMemory
from .cards import card
from .devices import choose_device, cpu_threads
from .engines.choice import EngineModel, open_model, ways
from .prepare import prepare
from .source import PublishedFile
from .store import published_file, sha256

__all__ = ["ModelCache"]

DEFAULT_BUDGET = 2 << 30


class _Key(NamedTuple):
    card_id: str
    sha256: str


class ModelCache:
    """A `ModelSource` that keeps the models used last. Safe to use from several threads.

    Args:
        device: as `choose_device` takes it.
        precision: "auto", "fp32", "bf16" or "fp16", as `engines.choice.open_model` takes it.
        engine: "auto", "torch" or "openvino", as `engines.choice.open_model` takes it.
        at_once: pictures that will be run at a time, by so many threads.
        budget_bytes: memory for weights; the least recently used go first. The one just asked for stays, however large.
    Raises: BadInput, for a device, precision or engine that is not there.
    """

    def __init__(self, device: str = "auto", precision: str = "auto", engine: str = "auto", at_once: int = 1, budget_bytes: int = DEFAULT_BUDGET) -> None:
        self.device, self.precision, self.engine = choose_device(device), precision, engine
        self.at_once, self.budget_bytes = at_once, budget_bytes
        if ways(self.device, precision, engine)[0].engine == "torch":
            importlib.import_module("torch")  # now, by one thread, rather than at the first picture, by several
        cpu_threads()
        self._models: OrderedDict[_Key, EngineModel] = OrderedDict()
        self._lock = RLock()

    def get(self, card_id: str) -> EngineModel:
        """The model of a card, ready to run. A file replaced on disk is loaded anew. Raises: as `source.ModelSource.get`."""
        wanted = card(card_id)
        with self._lock:
            file = prepare(wanted)
            key = _Key(card_id, sha256(file))
            if key not in self._models:
                try:
                    self._models[key] = open_model(wanted, file, self.device, self.precision, self.engine, self.at_once)
                except OutOfMemory:
                    if not self._models:
                        raise
                    self._models.clear()
                    self._models[key] = open_model(wanted, file, self.device, self.precision, self.engine, self.at_once)
            self._models.move_to_end(key)
            while len(self._models) > 1 and self.nbytes > self.budget_bytes:
                self._models.popitem(last=False)
            return self._models[key]

    def file(self, card_id: str) -> PublishedFile:
        """See `source.ModelSource.file`."""
        path = published_file(card(card_id))
        return PublishedFile(path, sha256(path))

    @property
    def nbytes(self) -> int:
        """Memory taken by the weights held now."""
        with self._lock:
            return sum(one.nbytes for one in self._models.values())

    def clear(self) -> None:
        """Forget all models."""
        with self._lock:
            self._models.clear()
