"""What the way through the worker costs: transfer, protocol and waiting, without the operation itself; writes its table in docs/performance.md.

    python benchmarks/worker.py [--repeat 5] [--write]

A real worker matts noise of several sizes, unrefined. The time of `run()` in the worker is taken off the time the client waits; the rest is ours. It may be
50 ms and 5 ms per megapixel.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from u2studio.shared_core.worker.client import Client
from u2studio.shared_core.worker.protocol import TYPES, Plane

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table by benchmarks/worker.py: begin -->", "<!-- table by benchmarks/worker.py: end -->"
SIZES = {1: (1000, 1000), 12: (3000, 4000), 24: (4000, 6000), 48: (6000, 8000)}
JOBS = {
    "mask of an 8-bit image": ("u8", {"alpha": "u8"}),
    "mask of a 16-bit or float image": ("u16", {"alpha": "u16"}),
    "new layer of an 8-bit image": ("u8", {"cutout": "u8"}),
    "new layer of a float image": ("f32", {"cutout": "f32"}),
}


def main() -> None:
    """Measure; print a row per job and size, or write them into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    lines = []
    for line in measured(arguments.repeat):
        print(line, flush=True)
        lines.append(line)
    if arguments.write:
        before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _old, end, after = rest.partition(END)
        if not begin or not end:
            raise SystemExit(f"{PAGE} has no marks {BEGIN} … {END}")
        PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", encoding="utf-8")


def measured(repeat: int) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    with tempfile.TemporaryDirectory(prefix="u2", dir="/tmp") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        client = Client([sys.executable, str(ROOT), "worker", "--precision", "fp32"])
        client.run("matte", {}, [_noise(64, 64, "u8")], {"alpha": "u8"})
        load = f"load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else "load unknown"
        yield f"{platform.machine()}, {os.cpu_count()} cores ({load}), Python {platform.python_version()}, {date.today()}; best of {repeat}"
        yield ""
        yield "| what | megapixels | there and back | ours | allowed |"
        yield "| --- | --- | --- | --- | --- |"
        for what, (kind, wanted) in JOBS.items():
            for megapixels, (height, width) in SIZES.items():
                planes = [_noise(height, width, kind)]
                ours, back = min(_once(client, planes, wanted) for _ in range(repeat))
                there = len(planes[0].data)
                yield f"| {what} | {megapixels} | {(there + back) / 1e6:.0f} MB | {1000 * ours:.0f} ms | {50 + 5 * megapixels} ms |"
        client.stop()


def _once(client: Client, planes: list[Plane], wanted: dict[str, str]) -> tuple[float, int]:
    started = time.perf_counter()
    answer = client.run("matte", {"refine": "none"}, planes, wanted)
    return time.perf_counter() - started - answer.seconds, sum(len(plane.data) for plane in answer.planes.values())


def _noise(height: int, width: int, kind: str) -> Plane:
    """Of floats only the bytes are noise-like: zeros stay in 0…1."""
    size = height * width * 3 * TYPES[kind]
    block = bytes(1 << 20) if kind == "f32" else random.Random(1).randbytes(1 << 20)
    return Plane("image", kind, (height, width, 3), (block * (size // len(block) + 1))[:size])


if __name__ == "__main__":
    main()
