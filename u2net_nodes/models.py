"""The core's `ModelSource` under ComfyUI's memory management: it decides what is on the device, and frees us like its own models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import comfy.model_management as management  # pyright: ignore[reportMissingImports]
import torch
from comfy.model_patcher import ModelPatcher  # pyright: ignore[reportMissingImports]

from ..shared_core import OutOfMemory
from ..shared_core.models.cards import card
from ..shared_core.models.engines.torch_engine import TorchModel, open_model
from ..shared_core.models.memory import out_of_memory
from ..shared_core.models.source import PublishedFile
from ..shared_core.models.store import published_file, sha256
from .model_files import ModelFile, in_folder, model_file
from .progress import stop_if_asked

if TYPE_CHECKING:
    from torch import Tensor

    from ..shared_core.models.cards import Card

__all__ = ["ComfyModels"]

CPU = torch.device("cpu")
KEPT = 4
"""models left in memory for nodes that come later"""
BYTES_PER_PIXEL = 3000
"""device memory of a pass of the largest network, float32, for one pixel of its input"""


class _Resident:
    """A network in memory, and ComfyUI's handle on it."""

    def __init__(self, model: TorchModel) -> None:
        self.model = model
        self.patcher = ModelPatcher(model.network, load_device=management.get_torch_device(), offload_device=CPU)


_residents: WeakValueDictionary[tuple[str, int, int], _Resident] = WeakValueDictionary()


class ComfyModels:
    """Models for one run of one node.

    Args:
        connected: the models that were linked to the node, by card id; every other card is looked for by its id.
    """

    def __init__(self, connected: Mapping[str, ModelFile] | None = None) -> None:
        self._connected = dict(connected or {})
        self._used: list[_Resident] = []

    def get(self, card_id: str) -> _ManagedModel:
        """See `source.ModelSource.get`. Nothing goes to the device before the first pass."""
        chosen = self._connected.get(card_id) or model_file(card_id)
        resident = _resident(chosen)
        if resident not in self._used:
            self._used.append(resident)
        return _ManagedModel(resident, self._used)

    def file(self, card_id: str) -> PublishedFile:
        """See `source.ModelSource.file`."""
        path = published_file(card(card_id), tuple(in_folder(card(card_id))))
        return PublishedFile(path, sha256(path))


class _ManagedModel:
    """A `Model` that asks ComfyUI for room before every pass."""

    def __init__(self, resident: _Resident, used: list[_Resident]) -> None:
        self._resident, self._used = resident, used
        self.card: Card = resident.model.card
        self.sha256: str = resident.model.sha256

    def __call__(self, batch: Tensor, *, side_outputs: bool = False) -> list[Tensor]:
        """See `source.Model`. Where the device is too small: in halves, one by one, on the CPU; then OutOfMemory."""
        stop_if_asked()
        try:
            return self._pass(batch, side_outputs)
        except OutOfMemory:
            if len(batch) == 1 and management.is_device_cpu(self._resident.patcher.load_device):
                raise
        # out of the except block, whose traceback would hold the failed pass's memory
        management.soft_empty_cache()
        if len(batch) > 1:
            halves = [self(half, side_outputs=side_outputs) for half in batch.split(-(-len(batch) // 2))]
            return [torch.cat(parts) for parts in zip(*halves, strict=True)]
        management.free_memory(1e30, self._resident.patcher.load_device)
        return self._computed(batch, side_outputs)

    def _pass(self, batch: Tensor, side_outputs: bool) -> list[Tensor]:
        patcher = self._resident.patcher
        needed = batch.shape[0] * batch.shape[-1] * batch.shape[-2] * BYTES_PER_PIXEL
        with out_of_memory(str(patcher.load_device), 0, 0):
            # always whole: a partial load leaves plain layers on the CPU, where nothing casts them on the fly
            management.load_models_gpu([one.patcher for one in self._used], memory_required=needed, force_full_load=True)
        _leave_with_comfyui(self._used)
        if {one.device for one in patcher.model.parameters()} != {patcher.load_device}:  # --novram overrules it
            patcher.model.to(CPU)
        return self._computed(batch, side_outputs)

    def _computed(self, batch: Tensor, side_outputs: bool) -> list[Tensor]:
        model = self._resident.model
        model.device = next(model.network.parameters()).device
        return model(batch, side_outputs=side_outputs)


def _resident(chosen: ModelFile) -> _Resident:
    key = chosen.stamp
    resident = _residents.get(key)
    if resident is None:
        # ComfyUI runs nodes in inference mode, and moves models outside of it, which tensors made inside do not allow
        with torch.inference_mode(False):
            resident = _residents[key] = _Resident(open_model(chosen.card, chosen.path, CPU, "fp32"))
    return resident


def _leave_with_comfyui(residents: list[_Resident]) -> None:
    """Let the entries of ComfyUI's list of loaded models, which refer to models weakly, keep ours alive for exactly as long as they stand there.

    A reference of our own would outlive "unload models"; one dropped while ComfyUI unloads would change its list under its feet.
    """
    entries = list(management.current_loaded_models)  # the last loaded first
    for entry in entries:
        entry.u2studio_model = next((one for one in residents if one.patcher is entry.model), getattr(entry, "u2studio_model", None))
    for entry in [entry for entry in entries if entry.u2studio_model][KEPT:]:
        entry.u2studio_model = None
