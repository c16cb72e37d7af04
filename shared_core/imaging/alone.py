"""Parts of a picture worked one after the other by a thread that has no helpers.

PyTorch's own threads meet after every operation; on the small planes of a tile most of their time goes into meeting, and on a busy machine nearly all of it.
Several such threads side by side gain nothing either: the planes of one tile fill a processor's cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

__all__ = ["each"]

T = TypeVar("T")


def each(work: Callable[[T], None], parts: Iterable[T], device: torch.device) -> None:
    """Do `work` on every part: on the CPU with one thread, elsewhere as always.

    Args:
        work: computes and writes something small.
        parts: what it is given.
        device: where it computes.
    Raises: what `work` raises.
    """
    if device.type != "cpu" or torch.get_num_threads() == 1:
        for part in parts:
            work(part)
        return
    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()  # PyTorch keeps these for each thread

    def all_of_them() -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients and not inference):
            for part in parts:
                work(part)

    _pool(os.getpid(), torch.get_num_threads()).submit(all_of_them).result()


@cache
def _pool(_process: int, threads: int) -> ThreadPoolExecutor:
    """Threads whose operations use no further ones. A forked process has its own: threads are not inherited."""

    def alone() -> None:
        torch.get_num_threads()  # a thread's first question resets what was set in it before
        torch.set_num_threads(1)

    pool = ThreadPoolExecutor(1, "tiles", alone)
    pool.submit(lambda: None).result()
    torch.set_num_threads(threads)  # what was set last anywhere is what threads begin with that are born later, also the host's
    return pool
