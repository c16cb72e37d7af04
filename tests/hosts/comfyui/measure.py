"""Measures what ComfyUI adds to the core: `python tests/hosts/comfyui/measure.py`, environment as the tests beside it (setup.sh).

Overhead is the time from queueing to the result, less the core's own, less what LoadImage and PreviewImage take: what our node adds to the core, measured
in one process and alternating, and what the server adds around nodes, measured over the socket.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from comfy_server import HERE, ROOT, Base, Server, python
from PIL import Image

SIDE, RUNS = 1024, 10


def main() -> None:
    """Start, run, print, stop."""
    inside = subprocess.run([python(), str(HERE / "inside" / "overhead.py")], capture_output=True, text=True, check=True).stdout
    adapter: dict[str, float] = json.loads(inside.splitlines()[-1])
    base = Base(Path(tempfile.mkdtemp(prefix="comfy")))
    base.pack("u2studio")
    Image.open(ROOT / "workflows" / "inputs" / "u2studio_portrait.jpg").resize((SIDE, SIDE)).save(base.folder / "input" / "large.png")
    server = Server(base)
    try:
        runs = [server.queue(prompt(number))[0] for number in range(RUNS)][2:]
    finally:
        server.stop()
    around = [1000 * (run["total"] - sum(run["seconds"].values())) for run in runs]
    figures = {
        **adapter,
        "server_around_nodes_min_ms": min(around),
        "server_around_nodes_median_ms": statistics.median(around),
        "overhead_ms": adapter["overhead_median_ms"] + statistics.median(around),
    }
    print(json.dumps({name: round(value, 1) for name, value in figures.items()}, indent=1))  # noqa: T201


def prompt(number: int) -> dict[str, Any]:
    """Matte on a large picture; another edge width each time, so that nothing is cached but the picture."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "large.png"}},
        "2": {"class_type": "U2Matte", "inputs": {"image": ["1", 0], "preprocess": "default", "refine": "guided", "edge_width": 12.0 + number}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 2]}},
    }


if __name__ == "__main__":
    main()
