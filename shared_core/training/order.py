"""Which samples make up which step: a function of the seed and the step alone.

So a resumed run, a run on other processes and one with other readers see the same samples with the same chance, and no generator's state is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .task import Samples

__all__ = ["batches", "sample_at", "seed_of"]

ORDER, CHANCE, STEP = 1, 2, 3
"""keeps the three uses of the seed apart"""


def sample_at(position: int, size: int, seed: int) -> tuple[int, np.random.Generator]:
    """The sample at a place in the endless row of shuffled passes through the data, and the chance that goes with that place."""
    turn, place = divmod(position, size)
    return int(_shuffled(size, seed, turn)[place]), np.random.default_rng((seed, CHANCE, position))


def seed_of(seed: int, step: int, rank: int) -> int:
    """What PyTorch's generator starts a step from, in each process."""
    return int(np.random.SeedSequence((seed, STEP, step, rank)).generate_state(1, np.uint64)[0])


def batches(samples: Samples, *, seed: int, batch: int, steps: range, share: tuple[int, int], workers: int, pin: bool) -> Iterator[dict[str, Tensor]]:
    """The batches of some steps, as one process gets them.

    Args:
        samples: what there is.
        seed: of the order and of all chance.
        batch: samples a step, over all processes.
        steps: which.
        share: (rank, number of processes); the number divides `batch`.
        workers: processes that read ahead; 0: none, reading happens here.
        pin: lay batches out for a quick copy to a GPU.
    """
    rank, world = share
    own = batch // world
    positions = (list(range(step * batch + rank * own, step * batch + (rank + 1) * own)) for step in steps)
    loader = DataLoader(_Row(samples, seed), batch_sampler=_Listed(positions), num_workers=workers, pin_memory=pin, worker_init_fn=_settle if workers else None)
    yield from loader


@lru_cache(maxsize=2)
def _shuffled(size: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, ORDER, turn)).permutation(size)


class _Row(Dataset[dict[str, Tensor]]):
    """Samples by their position in the endless row."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self.samples, self.seed = samples, seed

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        index, random = sample_at(position, len(self.samples), self.seed)
        return self.samples.sample(index, random)


class _Listed:
    """Lists of positions, as a batch sampler gives them."""

    def __init__(self, lists: Iterator[list[int]]) -> None:
        self.lists = lists

    def __iter__(self) -> Iterator[list[int]]:
        return self.lists


def _settle(_worker: int) -> None:
    import cv2

    cv2.setNumThreads(0)  # a reader of its own for each core is enough
    torch.set_num_threads(1)
