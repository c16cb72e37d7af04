"""Where networks run, and how precisely.

Devices and formats go by names ("cuda:1", "bf16"): PyTorch, which takes a second to load, is asked only where there may be a GPU.
"""

from __future__ import annotations

import logging
import shutil
import sys
from functools import cache
from pathlib import Path

from ..errors import BadInput
from ..processors import all_processors

__all__ = ["choose_device", "choose_precision", "cpu_threads", "unused_gpu"]

log = logging.getLogger(__name__)

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
DRIVERS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvmap", "/dev/dxg", "/dev/kfd")
"""of GPUs that PyTorch may call cuda: NVIDIA's, its small boards', any in Windows's Linux, AMD's"""
WINDOWS_DRIVERS = ("nvcuda", "amdhip64", "amdhip64_6", "amdhip64_7")


def choose_device(name: str = "auto") -> str:
    """The device called `name`: "cpu", "cuda:N" or "mps".

    Args:
        name: "auto" (CUDA, then MPS, then CPU; says once in the log when a GPU is there but stays unused, and why), "cpu", "cuda", "cuda:N" or "mps".
    Raises: BadInput, naming the devices there are.
    """
    if name == "auto":
        return _automatic()
    if name == "cpu":
        return name
    import torch

    known = ["auto", "cpu", *_cuda_devices(), *(["mps"] if torch.backends.mps.is_available() else [])]
    if name in known:
        return name
    if name == "cuda" and "cuda:0" in known:
        return "cuda:0"
    why = unused_gpu() if name.startswith(("cuda", "mps")) else None
    raise BadInput("There is no device '{name}' here; there are: {known}.{why}", name=name, known=", ".join(known), why=f" {why}" if why else "")


def choose_precision(name: str = "auto") -> str:
    """The number format called `name`: "fp32", "bf16", "fp16", or "auto", which is fp32. Raises: BadInput."""
    if name not in PRECISIONS:
        raise BadInput("There is no precision '{name}'; there are: {known}.", name=name, known=", ".join(PRECISIONS))
    return "fp32" if name == "auto" else name


@cache
def cpu_threads() -> int:
    """Threads that a network may use on the CPU: `all_processors()` when this was first asked."""
    return all_processors()


@cache
def _automatic() -> str:
    if not _may_have_gpu():
        return "cpu"
    import torch

    if torch.cuda.is_available() and (device := next((one for one in _cuda_devices() if _computes(one)), None)):
        return device
    if torch.backends.mps.is_available():
        return "mps"
    if why := unused_gpu():
        log.warning("%s", why)
    return "cpu"


def _may_have_gpu() -> bool:
    """Whether anything here speaks for a GPU that PyTorch might use."""
    if sys.platform == "win32":
        from ctypes.util import find_library

        return _has_nvidia_driver() or any(find_library(one) for one in WINDOWS_DRIVERS)
    return sys.platform == "darwin" or any(Path(one).exists() for one in DRIVERS) or _has_nvidia_driver()


def _cuda_devices() -> list[str]:
    import torch

    return [f"cuda:{index}" for index in range(torch.cuda.device_count())]


def _computes(device: str) -> bool:
    """Whether a device really computes: an old or a very new GPU is listed, but this PyTorch may hold no code for it."""
    import torch

    try:
        return bool((torch.ones(2, device=device) + 1).sum().item() == 4)
    except RuntimeError:
        return False


def unused_gpu() -> str | None:
    """Why a GPU of this machine cannot be used, and what to do; None where there is none, or it can be used. English, for the log."""
    import torch

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
