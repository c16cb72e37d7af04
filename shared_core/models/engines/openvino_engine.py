"""Running a network with OpenVINO: on CPUs with bf16 units several times as fast as PyTorch. Part of the `fast` extra."""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ...arrays import Array, alike, as_array, floats
from ..cards import Card
from ..devices import cpu_threads
from ..memory import out_of_memory
from ..store import sha256
from .kept import code_identity, keep_bytes, kept_bytes, short_hash
from .sides import outputs_of
from .split import split_in_place

if TYPE_CHECKING:
    import openvino as ov

__all__ = ["OpenVINOModel", "has_bf16", "identity", "is_installed", "open_model"]

log = logging.getLogger(__name__)

CONVERTER = "openvino.tools.ovc"
GRAPHS = 3
"""compiled graphs a model holds, one for each input size: a host that feeds ever new sizes must not fill the memory"""

Precision = Literal["f32", "bf16"]


def is_installed() -> bool:
    """Whether OpenVINO is there. It is not imported."""
    found = find_spec("openvino")
    return found is not None and found.origin is not None  # a folder that happens to be called so has none


def has_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware. Raises: ImportError, RuntimeError, where OpenVINO does not run here."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def identity() -> str:
    """Changes with OpenVINO, our code and the CPU. Raises: as `has_bf16`."""
    described = (_core().get_property("CPU", one) for one in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"))
    return short_hash(_openvino().__version__, code_identity(), *described)


class OpenVINOModel:
    """A `Model` run by OpenVINO on the CPU. Safe to use from several threads.

    Args:
        card: what the file holds.
        file: of the weights.
        precision: to compute in.
        at_once: pictures run side by side, with the processors shared between them; other threads wait. One picture alone takes the longer for it.
    """

    def __init__(self, card: Card, file: Path, precision: Precision, at_once: int = 1) -> None:
        self.card, self.sha256, self.precision, self.at_once = card, sha256(file), precision, min(at_once, cpu_threads())
        self.nbytes = 2 * file.stat().st_size
        """memory the weights take: once as read, once in the order the CPU wants"""
        self._file = file
        self._requests: OrderedDict[tuple[int, int, int], SimpleQueue[ov.InferRequest]] = OrderedDict()
        """by input size, those that are idle"""
        self._lock = Lock()

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        """See `source.Model`. Raises: OutOfMemory."""
        channels, height, width = batch.shape[1:]
        made: list[list[NDArray[np.float32]]] = []
        with out_of_memory("cpu", width, height), self._idle(channels, height, width) as request:
            for one in as_array(floats(batch)):
                _lay_in(request.input_tensors[0].data, one)
                request.infer()
                made.append(outputs_of([one.data for one in request.output_tensors], height, width, first_alone=not side_outputs))
            outputs = [same[0][None] if len(made) == 1 else np.stack(same) for same in zip(*made, strict=True)]
            return [alike(one, batch) for one in outputs]

    def prepare(self) -> None:
        """Compile for the card's own size now, not at the first picture. Raises: ModelCorrupt, BadInput, OutOfMemory."""
        size = self.card.profile().preprocess.size
        with out_of_memory("cpu", 0, 0), self._idle(self.card.network.in_channels, size, size):
            pass

    @contextlib.contextmanager
    def _idle(self, channels: int, height: int, width: int) -> Iterator[ov.InferRequest]:
        """A request for an input size that nobody else uses meanwhile."""
        size = channels, height, width
        with self._lock:
            if size not in self._requests:
                while len(self._requests) >= GRAPHS:
                    self._requests.popitem(last=False)
                compiled = self._compiled(*size)
                self._requests[size] = SimpleQueue()
                for _ in range(self.at_once):
                    request = compiled.create_infer_request()
                    _ = request.input_tensors[0].data  # the first time ever must be in one thread: in two at once OpenVINO's binding waits for itself for good
                    self._requests[size].put(request)
            self._requests.move_to_end(size)
            idle = self._requests[size]
        request = idle.get()
        try:
            yield request
        finally:
            idle.put(request)

    def _compiled(self, channels: int, height: int, width: int) -> ov.CompiledModel:
        subject = f"{self.sha256[:32]}-openvino-{self.precision}-{self.at_once}-{width}x{height}"
        circumstances = short_hash(identity(), cpu_threads(), self.at_once)
        if (graph := kept_bytes(subject, circumstances)) is not None:
            try:
                return _core().import_model(graph, "CPU", self._settings())
            except RuntimeError as error:  # made by the same version, so this should not be; drawing it anew always works
                log.info("A compiled graph could not be used: %s", error)
        compiled = _core().compile_model(self._drawn(channels, height, width), "CPU", self._settings())
        if height == width == self.card.profile().preprocess.size:
            keep_bytes(subject, circumstances, compiled.export_model().getvalue())
        return compiled

    def _drawn(self, channels: int, height: int, width: int) -> ov.Model:
        """The network itself. Reading and fitting it takes PyTorch, which graphs that are kept do without."""
        import torch

        from ..load import load
        from .fitting import fit_for
        from .openvino_graph import drawn

        network = load(self.card, self._file, "cpu")
        if self.precision == "bf16":
            network = fit_for(torch.bfloat16, network, self.sha256, stored=torch.float32)
        return drawn(network, channels, height, width)

    def _settings(self) -> dict[str, object]:
        shared = {"NUM_STREAMS": self.at_once} if self.at_once > 1 else {"PERFORMANCE_HINT": "LATENCY"}
        # Bound to processors, its threads would wait for theirs while photos are read and written there and another is idle
        return {"INFERENCE_PRECISION_HINT": self.precision, "INFERENCE_NUM_THREADS": cpu_threads(), "ENABLE_CPU_PINNING": False, **shared}


def _lay_in(place: NDArray[np.float32], picture: NDArray[np.float32]) -> None:
    """A picture [C, H, W] put where the graph reads it: as it is, [1, C, H, W], or in three parts, [1, 3 · C, H, W]."""
    channels = len(picture)
    first = channels if place.shape[1] != channels else 0
    place[0, first : first + channels] = picture
    if first:
        split_in_place(place)


def open_model(card: Card, file: Path, precision: Precision, at_once: int = 1) -> OpenVINOModel:
    """An `OpenVINOModel` compiled for the card's size. Raises: ModelCorrupt, BadInput, OutOfMemory, ImportError, RuntimeError."""
    model = OpenVINOModel(card, file, precision, at_once)
    model.prepare()
    return model


@cache
def _core() -> ov.Core:
    return _openvino().Core()


@cache
def _openvino() -> ModuleType:
    """OpenVINO without its converter of other programs' models, which brings a web client along: it takes as long to load, and as much memory, as the rest."""
    if "openvino" not in sys.modules and CONVERTER not in sys.modules:
        sys.modules[CONVERTER] = None  # pyright: ignore[reportArgumentType]
        with contextlib.suppress(ImportError):
            importlib.import_module("openvino")
        sys.modules.pop(CONVERTER, None)  # who asks for it gets it
    return importlib.import_module("openvino")
