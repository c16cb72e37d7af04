"""What a training step costs by precision, layout and checkpointing, and whether bf16 learns as fp32 does; prints the tables of docs/training.md.

    U2STUDIO_DATA=… python benchmarks/training.py [--size 320] [--batch 8] [--rounds 3] [--curve-steps 120]

Steps: U²-NetP, seven cross-entropies, backward, Adam. Each way runs in a process of its own (so that its peak memory is its own), every way once a round,
the order reversed every other round; the least of the rounds counts. Seconds are processor time over all threads beside wall time: on a machine that
others use too, only the first can be compared. Curves: the same 8 pictures a step, in both precisions, from one seed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

WAYS: Mapping[str, Mapping[str, bool]] = {
    "fp32, as PyTorch lays it out": {"bf16": False, "channels_last": False, "checkpointing": False},
    "fp32, channels last": {"bf16": False, "channels_last": True, "checkpointing": False},
    "bf16, channels last": {"bf16": True, "channels_last": True, "checkpointing": False},
    "bf16, channels last, checkpointing": {"bf16": True, "channels_last": True, "checkpointing": True},
}


def measure_step(size: int, batch: int, *, bf16: bool, channels_last: bool, checkpointing: bool) -> dict[str, float]:
    """The least wall and processor seconds of three steps after the first, and this process's peak memory in MiB."""
    from u2studio.shared_core.cli.process import begin

    begin()  # as the command does
    import torch

    from u2studio.shared_core.training.matting.losses import deep_supervision
    from u2studio.shared_core.training.matting.networks import build_network
    from u2studio.shared_core.training.matting.settings import Loss, NetworkSettings

    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = build_network(NetworkSettings(checkpointing=checkpointing)).to(memory_format=layout)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    image, truth = torch.randn(batch, 3, size, size).contiguous(memory_format=layout), (torch.rand(batch, 1, size, size) > 0.7).float()
    spent: list[tuple[float, float]] = []
    for _ in range(4):
        wall, processor = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            terms = deep_supervision(network(image), truth, Loss(), 0)
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
        spent.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = (min(one) for one in zip(*spent[1:], strict=True))  # the first is dearer: memory comes and kernels are chosen
    return {"wall": wall, "processor": processor, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def steps_table(size: int, batch: int, rounds: int) -> str:
    """A Markdown table of all ways."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    ways = list(WAYS)
    for index in range(rounds):
        for way in ways if index % 2 == 0 else ways[::-1]:
            command = [sys.executable, __file__, "--child", way, "--size", str(size), "--batch", str(batch)]
            found[way].append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            print(way, found[way][-1], file=sys.stderr)
    best = {way: {key: min(one[key] for one in results) for key in results[0]} for way, results in found.items()}
    first = next(iter(best.values()))
    lines = ["| one step | processor s | wall s | × | peak MiB |", "|---|---|---|---|---|"]
    lines += [
        f"| {way} | {one['processor']:.1f} | {one['wall']:.1f} | {first['processor'] / one['processor']:.2f} | {one['memory']:.0f} |"
        for way, one in best.items()
    ]
    return "\n".join(lines)


def curves_table(steps: int) -> str:
    """Mean loss by fifths of a run, in both precisions."""
    losses: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        for precision in ("fp32", "bf16"):
            folder = Path(place) / precision
            settings = ("data.train=$U2STUDIO_DATA/sod", f"precision={precision}", f"steps={steps}", "log_every=1", "validation.every=0", "samples.every=0",
                        "data.size=72", "data.crop=64", "average.decay=0", f"checkpoint_every={steps}")  # fmt: skip
            command = [sys.executable, "-m", "u2studio", "train", "matting-quick", "-o", str(folder)]
            subprocess.run([*command, *(part for one in settings for part in ("--set", one))], check=True, stdout=subprocess.DEVNULL)
            with (folder / "steps.csv").open(encoding="utf-8") as stream:
                losses[precision] = [float(row["loss"]) for row in csv.DictReader(stream)]
    fifth = steps // 5
    parts = [range(start, start + fifth) for start in range(0, fifth * 5, fifth)]
    lines = ["| mean loss of steps | " + " | ".join(f"{part.start + 1}–{part.stop}" for part in parts) + " |", "|---|" + "---|" * len(parts)]
    lines += [f"| {name} | " + " | ".join(f"{sum(curve[index] for index in part) / fifth:.3f}" for part in parts) + " |" for name, curve in losses.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--curve-steps", type=int, default=120)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure_step(given.size, given.batch, **WAYS[given.child])))
        return
    import torch

    print(f"{date.today()}, {platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, "
          f"load {os.getloadavg()[0]:.1f}; {given.size}×{given.size}, {given.batch} pictures.\n")  # fmt: skip
    print(steps_table(given.size, given.batch, given.rounds))
    if given.curve_steps:
        print(f"\n{curves_table(given.curve_steps)}")


if __name__ == "__main__":
    main()
