"""Where the time of one photo goes: each step from JPEG bytes to PNG bytes, with its share of the whole, in milliseconds by the clock and of the processors.

python benchmarks/stages.py [--megapixels 12] [--repeat 5] [--write]
"""

from __future__ import annotations

# ruff: noqa: E402
from u2studio.shared_core.cli.process import begin

begin()  # as commands do, before anything large is loaded

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measuring import circumstances, load, publish, save_photo, table

from u2studio.shared_core import run
from u2studio.shared_core.imaging.cutout import cutout
from u2studio.shared_core.imaging.files import clear_hidden_colours, read_picture, write_picture
from u2studio.shared_core.imaging.foreground import estimate_foreground
from u2studio.shared_core.imaging.refine import refine_alpha
from u2studio.shared_core.imaging.resize import enlarge_map
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.pipelines.matting import EDGE_PER_ENLARGEMENT
from u2studio.shared_core.pipelines.network_alpha import network_input, read_map

State = dict[str, Any]


def steps(file: Path, models: ModelCache) -> dict[str, Callable[[State], object]]:
    """What is done, in order; each puts its result under its own name."""
    network = models.get("u2netp")
    profile = network.card.profile()
    width = profile.preprocess.size

    def written(state: State) -> None:
        write_picture(io.BytesIO(), state["cut-out"][0], metadata=state["decode"].metadata)

    return {
        "decode": lambda _: read_picture(file),
        "shrink": lambda state: network_input(_image(state), profile.preprocess)[0],
        "network": lambda state: network(state["shrink"])[0],
        "read": lambda state: read_map(state["network"], profile.reading),
        "enlarge": lambda state: np.clip(alpha := enlarge_map(state["read"], *_image(state).shape[1:3]), 0, 1, out=alpha),
        "refine": lambda state: refine_alpha(_image(state), state["enlarge"], EDGE_PER_ENLARGEMENT * max(_image(state).shape[1:3]) / width),
        "foreground": lambda state: estimate_foreground(_image(state), state["refine"]),
        "cut-out": lambda state: cutout(state["foreground"], state["refine"]),
        "hidden colours": lambda state: clear_hidden_colours(state["cut-out"][0]),
        "PNG": written,
    }


def _image(state: State) -> np.ndarray:
    return state["decode"].pixels[None]


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before, models = load(), ModelCache("cpu")
    with tempfile.TemporaryDirectory() as place:
        file = save_photo(Path(place) / "photo.jpg", arguments.megapixels)
        run("matte", {"image": read_picture(file).pixels[None]}, models=models)
        rounds: list[dict[str, tuple[float, float]]] = []
        for _ in range(arguments.repeat):
            state: State = {}
            rounds.append({})
            for name, step in steps(file, models).items():
                clock, processor = time.perf_counter(), time.process_time()
                state[name] = step(state)
                rounds[-1][name] = time.perf_counter() - clock, time.process_time() - processor
    least = {name: tuple(1000 * min(one[name][kind] for one in rounds) for kind in (0, 1)) for name in rounds[0]}
    whole = sum(clock for clock, _ in least.values())
    rows = [(name, f"{clock:.0f}", f"{processor:.0f}", f"{clock / whole:.0%}") for name, (clock, processor) in least.items()]
    rows.append(("**sum**", f"{whole:.0f}", f"{sum(processor for _, processor in least.values()):.0f}", ""))
    text = f"""## Where the time goes

{circumstances(before)}
One photo of {arguments.megapixels:g} megapixels, default settings, models loaded; the least of {arguments.repeat} rounds of each step.

{table(("step", "ms", "processor ms", "share"), rows)}"""
    publish("stages", text, write=arguments.write)


if __name__ == "__main__":
    main()
