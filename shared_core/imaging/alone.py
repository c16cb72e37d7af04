"""Parts of a picture worked side by side by threads that have no helpers.

PyTorch's own threads meet after every operation; on the small planes of a tile much of their time goes into meeting, and on a busy machine nearly all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

__all__ = ["each"]

T = TypeVar("T")


def each(work: Callable[[T], None], parts: Iterable[T], device: torch.device) -> None:
    """Do `work` on every part: on the CPU with as many threads as PyTorch has, each alone, elsewhere as always.

    Args:
        work: computes and writes something small; parts never write to one place.
        parts: what it is given.
        device: where it computes.
    Raises: what `work` raises.
    """
    if device.type != "cpu" or torch.get_num_threads() == 1:
        for part in parts:
            work(part)
        return
    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()  # PyTorch keeps these for each thread

    def alone(part: T) -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients and not inference):
            work(part)

    pool = _pool(os.getpid(), torch.get_num_threads())
    begun = [pool.submit(alone, part) for part in parts]
    wait(begun)
    for one in begun:
        one.result()


@cache
def _pool(_process: int, threads: int) -> ThreadPoolExecutor:
    """Threads whose operations use no further ones. A forked process has its own: threads are not inherited."""

    def alone() -> None:
        torch.get_num_threads()  # a thread's first question resets what was set in it before
        torch.set_num_threads(1)

    pool, all_are_born = ThreadPoolExecutor(threads, "tiles", alone), Barrier(threads)
    wait([pool.submit(all_are_born.wait) for _ in range(threads)])
    torch.set_num_threads(threads)  # what was set last anywhere is what threads begin with that are born later, also the host's
    return pool
