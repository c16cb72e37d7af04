"""What five kinds of block cost over their inner width, as in figure 4 of the U²-Net paper, from our own modules; prints a table and draws it.

    python benchmarks/rsu_cost.py [--size 320] [--channels 4 8 16 …] [-o docs/pictures/training/rsu_cost.png]

Each block turns 320×320×3 into 320×320×64, through M channels inside. Counted, not timed: multiplications and additions of the convolutions, and the bytes of
every convolution's output in float32, most of what training must keep. Nothing is computed: the blocks run on shapes alone (PyTorch's meta device).

The paper draws the blocks and gives no numbers of layers. Our reading: all are as deep as RSU-7's way down, seven units of 3×3 convolution, batch-norm, ReLU.
PLN is those seven; RES adds its entry to the end, as RSU does; DSE hands each unit all that came before it, and ends in 1×1; INC puts the seven side by side
with growing dilation, and ends in 1×1. RSU is `networks.rsu.RSU` with seven levels.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from u2studio.shared_core.networks.rsu import RSU, ConvUnit

DEPTH, SOURCE, TARGET = 7, 3, 64
CHANNELS = (4, 8, 16, 24, 32, 48, 64)


class Plain(nn.Module):
    """PLN: one unit after the other."""

    def __init__(self, mid: int, source: int = SOURCE) -> None:
        super().__init__()
        widths = [source, *[mid] * (DEPTH - 1), TARGET]
        self.units = nn.Sequential(*(ConvUnit(low, high) for low, high in pairwise(widths)))

    def forward(self, x: Tensor) -> Tensor:
        return self.units(x)


class Residual(nn.Module):
    """RES: a plain block beside its own entry."""

    def __init__(self, mid: int) -> None:
        super().__init__()
        self.entry, self.plain = ConvUnit(SOURCE, TARGET), Plain(mid, TARGET)

    def forward(self, x: Tensor) -> Tensor:
        entry = self.entry(x)
        return self.plain(entry) + entry


class Dense(nn.Module):
    """DSE: each unit sees all that came before it."""

    def __init__(self, mid: int) -> None:
        super().__init__()
        self.units = nn.ModuleList(ConvUnit(SOURCE + number * mid, mid) for number in range(DEPTH))
        self.end = nn.Conv2d(SOURCE + DEPTH * mid, TARGET, 1)

    def forward(self, x: Tensor) -> Tensor:
        for unit in self.units:
            x = torch.cat((x, unit(x)), 1)
        return self.end(x)


class Inception(nn.Module):
    """INC: units of growing dilation side by side."""

    def __init__(self, mid: int) -> None:
        super().__init__()
        self.entry = ConvUnit(SOURCE, TARGET)
        self.units = nn.ModuleList(ConvUnit(TARGET, mid, 2 * number + 1) for number in range(DEPTH))
        self.end = nn.Conv2d(DEPTH * mid, TARGET, 1)

    def forward(self, x: Tensor) -> Tensor:
        entry = self.entry(x)
        return self.end(torch.cat([unit(entry) for unit in self.units], 1))


class RSU7(RSU):
    """RSU-7."""

    def __init__(self, mid: int) -> None:
        super().__init__(7, SOURCE, mid, TARGET)


BLOCKS: Mapping[str, type[nn.Module]] = {"PLN": Plain, "RES": Residual, "DSE": Dense, "INC": Inception, "RSU": RSU7}


class Cost(NamedTuple):
    """Of one pass."""

    operations: int
    """multiplications and additions"""
    kept: int
    """bytes"""


def cost(kind: type[nn.Module], mid: int, size: int) -> Cost:
    """What a block of this inner width costs on size × size pixels."""
    operations = kept = 0

    def count(conv: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal operations, kept
        assert isinstance(conv, nn.Conv2d)
        operations += 2 * conv.weight[0].numel() * output.numel()
        kept += 4 * output.numel()

    with torch.device("meta"), torch.no_grad():
        block = kind(mid)
        for conv in block.modules():
            if isinstance(conv, nn.Conv2d):
                conv.register_forward_hook(count)
        block(torch.empty(1, SOURCE, size, size))
    return Cost(operations, kept)


def table(costs: Mapping[str, Sequence[Cost]], channels: Sequence[int]) -> str:
    """Markdown: a row for each width; billions of operations, and MiB."""
    lines = ["| M | " + " | ".join(f"{name}: GFLOP, MiB" for name in costs) + " |", "|---|" + "---|" * len(costs)]
    for index, mid in enumerate(channels):
        cells = [f"{ones[index].operations / 1e9:.1f}, {ones[index].kept / 2**20:.0f}" for ones in costs.values()]
        lines.append(f"| {mid} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(costs: Mapping[str, Sequence[Cost]], channels: Sequence[int], file: Path) -> None:
    """Two plots over the width."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for name, ones in costs.items():
        style = {"linewidth": 2.5, "color": "black"} if name == "RSU" else {}
        left.plot(channels, [one.operations / 1e9 for one in ones], marker="o", markersize=3, label=name, **style)
        right.plot(channels, [one.kept / 2**20 for one in ones], marker="o", markersize=3, label=name, **style)
    for axes, title in ((left, "GFLOP"), (right, "MiB of convolution outputs")):
        axes.set_xlabel("channels inside, M")
        axes.set_title(title)
        axes.set_ylim(0)
        axes.grid(alpha=0.3)
    left.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=90)


def main() -> None:
    """Count, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--channels", type=int, nargs="+", default=CHANNELS)
    parser.add_argument("-o", "--out", type=Path)
    given = parser.parse_args()
    costs = {name: [cost(kind, mid, given.size) for mid in given.channels] for name, kind in BLOCKS.items()}
    print(table(costs, given.channels))
    if given.out:
        draw(costs, given.channels, given.out)


if __name__ == "__main__":
    main()
