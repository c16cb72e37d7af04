"""Parts of a picture worked side by side by threads that have no helpers.

PyTorch's own threads meet after every operation; on the small planes of a tile much of their time goes into meeting, and on a busy machine nearly all of it.
NumPy has none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier
from typing import TypeVar

from ..arrays import Array, is_on_cpu
from ..processors import processors, settle_pytorch, use_processors

__all__ = ["each"]

T = TypeVar("T")


def each(work: Callable[[T], None], parts: Iterable[T], picture: Array) -> None:
    """Do `work` on every part: on the CPU with as many threads as this one may use processors, each alone, elsewhere as always.

    Args:
        work: computes and writes something small; parts never write to one place.
        parts: what it is given.
        picture: what is worked on: it says where.
    Raises: what `work` raises.
    """
    threads = processors()
    if threads == 1 or not is_on_cpu(picture):
        for part in parts:
            work(part)
        return
    pool = _pool(os.getpid(), threads)
    alone = _alone(work)
    begun = [pool.submit(alone, part) for part in parts]
    wait(begun)
    for one in begun:
        one.result()


def _alone(work: Callable[[T], None]) -> Callable[[T], None]:
    """`work` in this thread's modes of PyTorch, which keeps them for each thread."""
    if "torch" not in sys.modules:
        return work
    import torch

    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def alone(part: T) -> None:
        settle_pytorch()
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients and not inference):
            work(part)

    return alone


@cache
def _pool(_process: int, threads: int) -> ThreadPoolExecutor:
    """Threads that use one processor each. A forked process has its own: threads are not inherited."""
    pool, all_are_born = ThreadPoolExecutor(threads, "tiles", use_processors, (1,)), Barrier(threads)
    wait([pool.submit(all_are_born.wait) for _ in range(threads)])
    return pool
