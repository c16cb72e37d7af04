from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from u2studio.shared_core.errors import OutOfMemory
from u2studio.shared_core.models.memory import out_of_memory


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 20.00 GiB",
        "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
        "MPS backend out of memory (MPS allocated: 9 GB)",
    ],
)
def test_every_allocators_failure_is_out_of_memory(message: str) -> None:
    with pytest.raises(OutOfMemory, match="640×480 pixels at once do not fit into the memory of cpu"), out_of_memory("cpu", 640, 480):
        raise RuntimeError(message)


def test_weights_that_do_not_fit() -> None:
    with pytest.raises(OutOfMemory, match="The model does not fit into the memory of cuda:1"), out_of_memory("cuda:1", 0, 0):
        raise MemoryError


def test_real_allocations_that_cannot_succeed() -> None:
    with pytest.raises(OutOfMemory), out_of_memory("cpu", 1, 1):
        torch.empty(1 << 60, dtype=torch.uint8)
    with pytest.raises(OutOfMemory), out_of_memory("cpu", 1, 1):
        np.empty(1 << 60, np.uint8)
    with pytest.raises(OutOfMemory), out_of_memory("cpu", 1, 1):
        cv2.resize(np.zeros((1, 1, 4)), (1 << 30, 1 << 22), interpolation=cv2.INTER_NEAREST)


def test_other_failures_pass_through() -> None:
    with pytest.raises(RuntimeError, match="expected scalar type"), out_of_memory("cpu", 1, 1):
        raise RuntimeError("expected scalar type Float")
    with pytest.raises(cv2.error, match="Assertion failed"), out_of_memory("cpu", 1, 1):
        cv2.resize(np.zeros((0, 1)), (4, 4))
