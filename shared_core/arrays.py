"""Pictures in memory: NumPy arrays on the CPU, tensors on other devices and wherever a host hands them in.

PyTorch takes a second and 180 MiB to load. What runs without it takes arrays, so that a program with another engine never loads it; what is written
with `library(…)` runs on both.
"""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Array",
    "alike",
    "as_array",
    "as_tensor",
    "copied",
    "empty",
    "floats",
    "is_array",
    "is_on_cpu",
    "is_tensor",
    "library",
    "place",
    "sigmoid",
    "softmax",
]

Array: TypeAlias = "Any"
"""a NumPy array or a tensor; the two share names for what is done with them here"""


def library(one: Array) -> ModuleType:
    """NumPy or PyTorch: whose functions take `one`. Only names that both have, with the same meaning, may be used of it."""
    return np if isinstance(one, np.ndarray) else sys.modules["torch"]


def is_array(one: object) -> bool:
    """Whether it is a NumPy array or a tensor."""
    return isinstance(one, np.ndarray) or is_tensor(one)


def is_tensor(one: object) -> bool:
    """Whether it is a tensor. PyTorch is not loaded to know."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)  # not there while another thread loads it
    return kind is not None and isinstance(one, kind)


def place(one: Array) -> str:
    """PyTorch's name for where the numbers lie, such as "cpu" or "cuda:0"."""
    return "cpu" if isinstance(one, np.ndarray) else str(one.device)


def is_on_cpu(one: Array) -> bool:
    """Whether `as_array` is free of charge."""
    return isinstance(one, np.ndarray) or one.device.type == "cpu"


def as_array(one: Array) -> np.ndarray:
    """The same numbers on the CPU. Shares memory where they lie there already."""
    return one if isinstance(one, np.ndarray) else one.numpy(force=True)


def as_tensor(one: Array) -> Tensor:
    """The same numbers for PyTorch. Shares memory."""
    if not isinstance(one, np.ndarray):
        return one
    import torch

    if one.flags.writeable:
        return torch.from_numpy(one)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nor is it written: no operation changes what it is given
        return torch.from_numpy(one)


def alike(made: Array, given: Array) -> Array:
    """What was made of a picture, as that was given: an array, or a tensor on its device."""
    return as_array(made) if isinstance(given, np.ndarray) else as_tensor(made).to(given.device)


def floats(one: Array, *, copy: bool = False) -> Array:
    """As float32; float32 as it is, unless a copy is asked for."""
    return one.astype(np.float32, copy=copy) if isinstance(one, np.ndarray) else one.to(sys.modules["torch"].float32, copy=copy)


def copied(one: Array) -> Array:
    """The same numbers in memory of their own."""
    return one.copy() if isinstance(one, np.ndarray) else one.clone()


def empty(shape: tuple[int, ...], beside: Array) -> Array:
    """float32 not yet written, of the other's kind and in its place."""
    return np.empty(shape, np.float32) if isinstance(beside, np.ndarray) else sys.modules["torch"].empty(shape, device=beside.device)


def sigmoid(logits: Array) -> Array:
    """Probabilities, 0..1."""
    if not isinstance(logits, np.ndarray):
        return logits.sigmoid()
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-logits))


def softmax(logits: Array) -> Array:
    """Probabilities that sum to 1 along the second axis: [B, classes, …] → the same."""
    if not isinstance(logits, np.ndarray):
        return logits.softmax(1)
    with np.errstate(invalid="ignore"):
        likely = np.exp(logits - logits.max(1, keepdims=True))
    return likely / likely.sum(1, keepdims=True)
