"""Running a network with PyTorch: channels-last, no autograd, the precision asked for and no other."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

from ...arrays import Array, as_array, as_tensor
from ...networks.half_precision import HalfUnit
from ...processors import settle_pytorch
from ..cards import Card
from ..load import load
from ..memory import out_of_memory
from ..store import sha256
from .fitting import fit_for
from .kept import code_identity, short_hash

__all__ = ["TorchModel", "has_bf16", "identity", "open_model"]

Precision = Literal["fp32", "bf16", "fp16"]
FORMATS: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TorchModel:
    """A `Model` run by PyTorch."""

    def __init__(self, card: Card, sha256: str, network: nn.Module, device: torch.device | str, dtype: torch.dtype) -> None:
        self.card, self.sha256, self.device, self.dtype = card, sha256, torch.device(device), dtype
        ready = network if dtype == torch.float32 else fit_for(dtype, network, sha256)
        self.network = ready.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        takes_floats = any(isinstance(one, HalfUnit) and one.reads_picture for one in self.network.modules())
        self.input_dtype = torch.float32 if takes_floats else dtype
        self.nbytes = sum(one.nbytes for one in self.network.parameters())
        """memory the weights take"""

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        """See `source.Model`. Raises: OutOfMemory."""
        settle_pytorch()
        given = as_tensor(batch)
        with out_of_memory(str(self.device), given.shape[-1], given.shape[-2]):
            with torch.inference_mode(), _exact():
                logits = self.network(given.to(self.device, self.input_dtype, memory_format=torch.channels_last))
            # copied outside inference mode: pipelines may work in place on what they get
            made = [one.to(given.device, torch.float32, copy=True).contiguous() for one in (logits if side_outputs else logits[:1])]
        return [as_array(one) for one in made] if isinstance(batch, np.ndarray) else made


def open_model(card: Card, file: Path, device: torch.device | str, precision: Precision) -> TorchModel:
    """The card's model from its weights file. Raises: ModelCorrupt, BadInput, OutOfMemory."""
    with out_of_memory(str(device), 0, 0):
        return TorchModel(card, sha256(file), load(card, file, device), device, FORMATS[precision])


def has_bf16() -> bool:
    """Whether this CPU multiplies tiles of bf16 (AMX); without, PyTorch's bf16 is no faster than float32."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())


def identity(device: str) -> str:
    """Changes with PyTorch, our code and the processor."""
    if device.startswith("cuda"):
        return short_hash(torch.__version__, code_identity(), torch.cuda.get_device_name(device))
    return short_hash(torch.__version__, code_identity(), device, platform.processor(), platform.machine(), torch.backends.cpu.get_cpu_capability())


@contextmanager
def _exact() -> Iterator[None]:
    """cuDNN without TF32, which would round fp32 inputs to 10 bits; the host's own setting comes back afterwards."""
    if not torch.cuda.is_available():
        yield
        return
    cudnn = torch.backends.cudnn
    with cudnn.flags(enabled=True, benchmark=cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False):
        yield
