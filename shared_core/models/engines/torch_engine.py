"""Running a network with PyTorch: channels-last, no autograd, the precision asked for and no other."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from ...errors import OutOfMemory
from ...networks.half_precision import HalfUnit
from ..cards import Card
from ..load import load
from ..store import sha256
from .fitting import fit_for
from .kept import code_identity, short_hash

__all__ = ["TorchModel", "has_bf16", "identity", "open_model", "out_of_memory"]

EXHAUSTED = ("out of memory", "can't allocate memory", "not enough memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED")
"""how CUDA, CPU, Windows and MPS allocators say it; they share no exception class"""


class TorchModel:
    """A `Model` run by PyTorch."""

    def __init__(self, card: Card, sha256: str, network: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
        self.card, self.sha256, self.device, self.dtype = card, sha256, device, dtype
        ready = network if dtype == torch.float32 else fit_for(dtype, network, sha256)
        self.network = ready.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        takes_floats = any(isinstance(one, HalfUnit) and one.reads_picture for one in self.network.modules())
        self.input_dtype = torch.float32 if takes_floats else dtype
        self.nbytes = sum(one.nbytes for one in self.network.parameters())
        """memory the weights take"""

    def __call__(self, batch: Tensor, *, side_outputs: bool = False) -> list[Tensor]:
        """See `source.Model`. Raises: OutOfMemory."""
        with out_of_memory(self.device, batch.shape[-1], batch.shape[-2]):
            with torch.inference_mode(), _exact():
                logits = self.network(batch.to(self.device, self.input_dtype, memory_format=torch.channels_last))
            # copied outside inference mode: pipelines may work in place on what they get
            return [one.to(batch.device, torch.float32, copy=True).contiguous() for one in (logits if side_outputs else logits[:1])]


def open_model(card: Card, file: Path, device: torch.device, dtype: torch.dtype) -> TorchModel:
    """The card's model from its weights file. Raises: ModelCorrupt, BadInput, OutOfMemory."""
    with out_of_memory(device, 0, 0):
        return TorchModel(card, sha256(file), load(card, file, device), device, dtype)


def has_bf16() -> bool:
    """Whether this CPU multiplies tiles of bf16 (AMX); without, PyTorch's bf16 is no faster than float32."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())


def identity(device: torch.device) -> str:
    """Changes with PyTorch, our code and the processor."""
    if device.type == "cuda":
        return short_hash(torch.__version__, code_identity(), torch.cuda.get_device_name(device))
    return short_hash(torch.__version__, code_identity(), str(device), platform.processor(), platform.machine(), torch.backends.cpu.get_cpu_capability())


@contextmanager
def out_of_memory(device: torch.device, width: int, height: int) -> Iterator[None]:
    """Turn any allocator's failure into `OutOfMemory`; a size of 0 means that the weights themselves did not fit."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if isinstance(error, RuntimeError) and not any(sign in str(error) for sign in EXHAUSTED):
            raise
        if not width:
            raise OutOfMemory("The model does not fit into the memory of {device}.", device=str(device)) from None
        raise OutOfMemory("{width}×{height} pixels at once do not fit into the memory of {device}.", width=width, height=height, device=str(device)) from None


@contextmanager
def _exact() -> Iterator[None]:
    """cuDNN without TF32, which would round fp32 inputs to 10 bits; the host's own setting comes back afterwards."""
    if not torch.cuda.is_available():
        yield
        return
    cudnn = torch.backends.cudnn
    with cudnn.flags(enabled=True, benchmark=cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False):
        yield
