"""What the way through the worker costs: transfer, protocol and waiting, without the operation itself.

    python benchmarks/worker.py [--megapixels 1 12 24 48] [--repeat 5] [--write]

A real worker matts noise of several sizes, unrefined. The time of `run()` in the worker is taken off the time the client waits; the rest is ours. It may be
50 ms and 5 ms per megapixel.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time

from measuring import ROOT, circumstances, load, publish, table

from u2studio.shared_core.worker.client import Client
from u2studio.shared_core.worker.protocol import TYPES, Plane

JOBS = {
    "mask of an 8-bit image": ("u8", {"alpha": "u8"}),
    "mask of a 16-bit or float image": ("u16", {"alpha": "u16"}),
    "new layer of an 8-bit image": ("u8", {"cutout": "u8"}),
    "new layer of a float image": ("f32", {"cutout": "f32"}),
}


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 24, 48])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before, rows = load(), []
    with tempfile.TemporaryDirectory(prefix="u2", dir="/tmp") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        client = Client([sys.executable, str(ROOT), "worker", "--precision", "fp32"])
        client.run("matte", {}, [_noise(64, 64, "u8")], {"alpha": "u8"})
        for what, (kind, wanted) in JOBS.items():
            for megapixels in arguments.megapixels:
                height = round((megapixels * 0.75e6) ** 0.5)
                planes = [_noise(height, height * 4 // 3, kind)]
                ours, back = min(_once(client, planes, wanted) for _ in range(arguments.repeat))
                moved = (len(planes[0].data) + back) / 1e6
                rows.append((what, f"{megapixels:g}", f"{moved:.0f} MB", f"{1000 * ours:.0f} ms", f"{50 + 5 * megapixels:g} ms"))
        client.stop()
    text = f"""## The way through the worker

{circumstances(before)}
What GIMP waits for beside the operation itself: sending, waiting, receiving; the least of {arguments.repeat}.

{table(("what", "megapixels", "bytes there and back", "ours", "allowed"), rows)}"""
    publish("worker", text, write=arguments.write)


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
