"""Prints how much longer the Matte node takes than the core alone, same process, alternating, 1024×1024: minimum and median in milliseconds, as JSON."""

from __future__ import annotations

import json
import statistics
import time

import torch
from checks import core, matte, models, photo

RUNS = 12


def main() -> None:
    """Warm up, alternate, print."""
    picture = torch.nn.functional.interpolate(photo(1, 64)[:, :, :64].permute(0, 3, 1, 2), size=(1024, 1024), mode="bicubic").permute(0, 2, 3, 1).clamp(0, 1)
    settings = {"preprocess": "default", "refine": "guided", "edge_width": 12.0}
    node: list[float] = []
    alone: list[float] = []
    with torch.inference_mode():
        source = models.ComfyModels()
        for _ in range(RUNS):
            begin = time.perf_counter()
            matte(picture, **settings)
            middle = time.perf_counter()
            core.run("matte", {"image": picture}, settings, models=source)
            end = time.perf_counter()
            node.append(middle - begin)
            alone.append(end - middle)
    more = [1000 * (one - other) for one, other in zip(node[2:], alone[2:], strict=True)]
    told = {
        "node_ms": 1000 * min(node),
        "core_ms": 1000 * min(alone),
        "overhead_min_ms": 1000 * (min(node) - min(alone)),
        "overhead_median_ms": statistics.median(more),
    }
    print(json.dumps(told))  # noqa: T201


main()
