"""Written files run again: how far they stray from our own network in float32, and how fast they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..arrays import as_tensor
from ..models.cards import Card
from ..models.precision import Difference, differences, limits, pictures, samples
from .graph import NetworkGraph, PictureGraph

__all__ = ["Row", "Run", "compared", "fits", "least_seconds", "test_batches"]

Run = Callable[[Tensor], Tensor]
LARGEST = 0.001
"""how far any value of a float32 file may be from ours; outputs lie in 0..1"""
INT8_MEAN = 0.01
"""mean difference of masks up to which INT8 is fit to be used without a look"""
ELSEWHERE = 0.05
"""the same of a half-precision file at a size that the network was not made for, where its doubts are many"""
ROUNDS = 5
NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    size: int
    """bytes of its files"""
    seconds: float
    """for one picture of the network's own size, the least of some rounds"""
    largest: float
    """difference of any value from ours, of photos at the network's own size"""
    strays: Difference
    """of the masks of those, stretched to 0..1"""
    elsewhere: float
    """largest difference of two photos at once in another size and shape"""


def test_batches(card: Card, graph: NetworkGraph) -> list[Tensor]:
    """What files are tried on: four photos at the network's size, one by one, then two at once of another size and shape.

    Returns: float32 [B, channels, H, W], or for a graph that takes pictures uint8 [B, H, W, 3].
    """
    size = card.profile().preprocess.size
    low, wide = max(1, size * 4 // 5), size * 6 // 5
    if isinstance(graph, PictureGraph):
        photos = [as_tensor(one).mul(255).round().byte().permute(0, 2, 3, 1).contiguous() for one in pictures()]
        return [*photos, torch.cat(photos[:2])[:, :201, :287].contiguous()]
    ones = [as_tensor(one) for one in samples(card)]
    return [*ones, F.interpolate(torch.cat(ones[:2]), (low, wide), mode="bilinear", align_corners=False)]


def compared(reference: Run, run: Run, batches: list[Tensor]) -> tuple[float, Difference, float]:
    """The three errors of a `Row`; NaN where shapes differ or a value is none. `batches` as `test_batches` gives them."""
    *own, other = [(reference(batch), run(batch)) for batch in batches]
    if any(ours.shape != theirs.shape for ours, theirs in (*own, other)):
        return NAN, Difference(mean=NAN, worst=NAN, flips=NAN), NAN
    exact, fast = ([_stretched(mask) for pair in own for mask in pair[index]] for index in (0, 1))
    return _largest(own), differences(exact, fast), _largest([other])


def fits(precision: str, size: int, row: Row) -> bool:
    """Whether a file keeps to what is promised of its precision.

    Args:
        precision: "fp32": no value farther than 0.001 from ours, at any size. "fp16": masks keep the precision contract (`models.precision.limits`), and no
            value at another size is farther than 0.05. "int8": masks stray by 0.01 on average.
        size: of the network's input, pixels.
        row: what was measured.
    """
    if precision == "fp32":
        return max(row.largest, row.elsewhere) <= LARGEST and row.strays.mean <= LARGEST
    if precision == "fp16":
        return row.strays.within(limits(size)) and row.elsewhere <= ELSEWHERE
    return row.strays.mean <= INT8_MEAN and row.elsewhere <= 1


def least_seconds(runs: Mapping[str, Run], batch: Tensor) -> dict[str, float]:
    """Each run's time for a batch: they take turns, and the least of five rounds counts, after one that does not."""
    found = dict.fromkeys(runs, float("inf"))
    for number in range(-1, ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run(batch)
            if number >= 0:
                found[name] = min(found[name], time.perf_counter() - start)
    return found


def _largest(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return float(torch.stack([(ours - theirs).abs().max() for ours, theirs in pairs]).max())


def _stretched(mask: Tensor) -> Tensor:
    """One mask stretched to 0..1, where small errors show most; maps of several classes as they are."""
    low, high = mask.aminmax()
    several = mask.ndim == 3 and len(mask) > 1
    return mask if several or not high > low else (mask - low) / (high - low)
