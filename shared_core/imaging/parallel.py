"""Parts of a picture worked by several threads at once, each of which computes alone.

PyTorch's own threads meet after every operation; on the small planes of a tile most of their time goes into meeting, and on a busy machine nearly all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

__all__ = ["each"]

T = TypeVar("T")


def each(work: Callable[[T], None], parts: Iterable[T], device: torch.device) -> None:
    """Do `work` on every part, on as many threads as PyTorch may use here; one after the other where that is one, or the device is not the CPU.

    Args:
        work: writes its result where no other part's work reads or writes.
        parts: what it is given.
        device: where it computes.
    Raises: what `work` raises first, in the order of parts.
    """
    threads = torch.get_num_threads()
    if threads < 2 or device.type != "cpu":
        for part in parts:
            work(part)
        return
    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()  # PyTorch keeps these for each thread

    def alike(part: T) -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients and not inference):
            work(part)

    for _ in _pool(threads, os.getpid()).map(alike, parts):
        pass


@cache
def _pool(threads: int, _process: int) -> ThreadPoolExecutor:
    """Threads whose operations use no further ones. A forked process has its own: threads are not inherited."""
    all_here = Barrier(threads)

    def alone() -> None:
        torch.get_num_threads()  # a thread's first question resets what was set in it before
        torch.set_num_threads(1)
        all_here.wait()

    pool = ThreadPoolExecutor(threads, "tile", alone)
    for _ in pool.map(lambda _: None, range(threads)):
        pass
    torch.set_num_threads(threads)  # what was set last anywhere is what threads begin with that are born later, also the host's
    return pool
