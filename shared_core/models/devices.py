"""Where networks run, and how precisely."""

from __future__ import annotations

import logging
import shutil
import sys
from functools import cache
from pathlib import Path

import torch

from ..errors import BadInput

__all__ = ["choose_device", "choose_precision", "cpu_threads", "unused_gpu"]

log = logging.getLogger(__name__)

PRECISIONS = {"auto": torch.float32, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`.

    Args:
        name: "auto" (CUDA, then MPS, then CPU; says once in the log when a GPU is there but stays unused, and why), "cpu", "cuda", "cuda:N" or "mps".
    Raises: BadInput, naming the devices there are.
    """
    if name == "auto":
        return _automatic()
    known = ["auto", "cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count())), *(["mps"] if torch.backends.mps.is_available() else [])]
    if name in known:
        return torch.device(name)
    if name == "cuda" and "cuda:0" in known:
        return torch.device("cuda:0")
    why = unused_gpu() if name.startswith(("cuda", "mps")) else None
    raise BadInput("There is no device '{name}' here; there are: {known}.{why}", name=name, known=", ".join(known), why=f" {why}" if why else "")


def choose_precision(name: str = "auto") -> torch.dtype:
    """The number format called `name`: "fp32", "bf16", "fp16", or "auto", which is fp32. Raises: BadInput."""
    if name not in PRECISIONS:
        raise BadInput("There is no precision '{name}'; there are: {known}.", name=name, known=", ".join(PRECISIONS))
    return PRECISIONS[name]


@cache
def cpu_threads() -> int:
    """Threads that a network may use on the CPU: PyTorch's setting when this was first asked. Threads that work beside others set themselves a lower one."""
    return torch.get_num_threads()


@cache
def _automatic() -> torch.device:
    if torch.cuda.is_available() and (device := next((one for one in _cuda_devices() if _computes(one)), None)):
        return device
    if torch.backends.mps.is_available():
        return torch.device("mps")
    if why := unused_gpu():
        log.warning("%s", why)
    return torch.device("cpu")


def _cuda_devices() -> list[torch.device]:
    return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]


def _computes(device: torch.device) -> bool:
    """Whether a device really computes: an old or a very new GPU is listed, but this PyTorch may hold no code for it."""
    try:
        return bool((torch.ones(2, device=device) + 1).sum().item() == 4)
    except RuntimeError:
        return False


def unused_gpu() -> str | None:
    """Why a GPU of this machine cannot be used, and what to do; None where there is none, or it can be used. English, for the log."""
    if torch.cuda.is_available():
        if any(_computes(one) for one in _cuda_devices()):
            return None
        name, built_for = torch.cuda.get_device_name(0), " ".join(torch.cuda.get_arch_list())
        return f"{name} is here, but this PyTorch ({torch.__version__}, built for {built_for}) cannot compute on it. Install one that can, see pytorch.org."
    if _has_nvidia_driver():
        if torch.version.cuda is None:
            return f"An NVIDIA GPU is here, but this PyTorch ({torch.__version__}) is built without CUDA. Install the CUDA build, see pytorch.org."
        return f"An NVIDIA GPU is here, but its driver does not fit this PyTorch ({torch.__version__}, CUDA {torch.version.cuda}). Update the driver."
    if sys.platform == "darwin" and torch.backends.mps.is_built() and not torch.backends.mps.is_available():
        return "This Mac's GPU needs macOS 14 or newer for this PyTorch."
    return None


def _has_nvidia_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
