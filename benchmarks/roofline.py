"""Which share of what this machine can multiply our networks reach: the best convolution and matrix product found here against U²-NetP as it runs.

python benchmarks/roofline.py [--size 320] [--repeat 7] [--write]
"""

from __future__ import annotations

# ruff: noqa: E402
from u2studio.shared_core.cli.process import begin

begin()  # before PyTorch is loaded

import argparse
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from measuring import circumstances, in_turns, load, publish, table
from speed_child import batches
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.recognise import build

WAYS = {"best engine": ("auto", "auto"), "PyTorch alone": ("auto", "torch"), "float32": ("fp32", "auto")}
"""what it is called → precision, engine"""


def operations_of_network(size: int) -> float:
    """Multiplications and additions of one pass of U²-NetP."""
    network: nn.Module = build(card("u2netp").network, batch_norm=False).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 3, size, size))
    return counter.get_total_flops()


def products(size: int) -> dict[str, tuple[float, Callable[[], object]]]:
    """Candidates for the machine's peak: name → operations, what to run. Matrices, and convolutions as large as a network's largest."""
    found: dict[str, tuple[float, Callable[[], object]]] = {}
    for dtype in (torch.bfloat16, torch.float32):
        kind = str(dtype).removeprefix("torch.")
        one, other = torch.randn(2048, 2048, dtype=dtype), torch.randn(2048, 2048, dtype=dtype)
        found[f"matrix product 2048, {kind}"] = 2.0 * 2048**3, partial(torch.mm, one, other)
        for channels, side in ((16, size), (64, size // 2), (128, size // 4)):
            picture = torch.randn(1, channels, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last)
            weight = torch.randn(64, channels, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
            name = f"convolution {channels} → 64 at {side}×{side}, {kind}"
            found[name] = 2.0 * 9 * channels * 64 * side * side, partial(F.conv2d, picture, weight, padding=1)
    return found


def seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    with torch.inference_mode():
        work()
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before, size = load(), arguments.size
    peaks, passes = products(size), operations_of_network(size)
    batch = batches(size)[0]
    networks = {name: partial(ModelCache("cpu", precision, engine).get("u2netp"), batch) for name, (precision, engine) in WAYS.items()}
    work = {**{name: one for name, (_, one) in peaks.items()}, **networks}
    times = in_turns({name: partial(seconds, one) for name, one in work.items()}, arguments.repeat)
    rates = {name: (peaks[name][0] if name in peaks else passes) / min(taken) for name, taken in times.items()}
    best = max(rates[name] for name in peaks)
    rows = [(name, f"{1000 * min(times[name]):.0f}", f"{rates[name] / 1e9:.0f}", f"{rates[name] / best:.0%}") for name in networks]
    text = f"""## Share of the machine's peak

{circumstances(before)}
U²-NetP at {size}×{size} is {passes / 1e9:.1f} billion operations. The peak is the fastest of the products below; thin layers (16 channels fill half of a
tile of AMX), resizing and pooling keep a whole network from it.

{table(("product", "GFLOP/s"), [(name, f"{rates[name] / 1e9:.0f}") for name in peaks])}

{table(("U²-NetP", "ms", "GFLOP/s", "share of the peak"), rows)}"""
    publish("roofline", text, write=arguments.write)


if __name__ == "__main__":
    main()
