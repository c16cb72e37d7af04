"""One side of `speed.py`: reads the name of a job a line, does it once, answers with its seconds. Ours, or rembg's where it is started in rembg's environment.

python benchmarks/speed_child.py ours|rembg FOLDER
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Job = Callable[[], object]


def rembg_jobs(folder: Path) -> dict[str, Job]:
    """As `rembg i` and `rembg p` call it: bytes in, bytes out."""
    import numpy as np
    from rembg import new_session, remove  # pyright: ignore[reportMissingImports]

    session: Any = new_session("u2netp", providers=["CPUExecutionProvider"])
    feed = {session.inner_session.get_inputs()[0].name: np.zeros((1, 3, 320, 320), np.float32)}
    photo = (folder / "large.jpg").read_bytes()

    def each() -> None:
        for file in sorted((folder / "many").glob("*.jpg")):
            (folder / "theirs" / f"{file.stem}.png").write_bytes(remove(file.read_bytes(), session=session))

    (folder / "theirs").mkdir(exist_ok=True)
    return {
        "network": lambda: session.inner_session.run(None, feed),
        "cutout": lambda: (folder / "theirs.png").write_bytes(remove(photo, session=session)),
        "mask": lambda: remove(photo, session=session, only_mask=True),
        "folder": each,
    }


def our_jobs(folder: Path) -> dict[str, Job]:
    """The same through the door, with files read and written as the command line does."""
    import torch

    from u2studio.shared_core import run
    from u2studio.shared_core.cli.matting_results import results_of
    from u2studio.shared_core.imaging.files import read_picture, write_picture
    from u2studio.shared_core.models.cache import ModelCache
    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.precision import samples
    from u2studio.shared_core.progress import silent

    wishes = {"best": ("auto", "auto"), "torch": ("auto", "torch"), "exact": ("fp32", "auto")}
    caches = {name: ModelCache("cpu", precision, engine) for name, (precision, engine) in wishes.items()}
    (batch, *_), photo = samples(card("u2netp")), (folder / "large.jpg").read_bytes()

    def cut(models: ModelCache, source: Any, output: str, refine: str) -> bytes:
        params = {"matte": {"refine": refine}, "estimate_foreground": {}}
        (made,) = results_of(read_picture(source), (output,), params, None, models=models, progress=silent)
        stream = io.BytesIO()
        write_picture(stream, made.pixels, metadata=made.metadata)
        return stream.getvalue()

    def each() -> None:
        (folder / "ours").mkdir(exist_ok=True)
        for file in sorted((folder / "many").glob("*.jpg")):
            (folder / "ours" / f"{file.stem}.png").write_bytes(cut(caches["best"], file, "cutout", "none"))

    jobs: dict[str, Job] = {"folder": each}
    for name, models in caches.items():
        jobs[f"network {name}"] = lambda models=models: models.get("u2netp")(batch)
        jobs[f"cutout {name}"] = lambda models=models: cut(models, io.BytesIO(photo), "cutout", "none")
        jobs[f"mask {name}"] = lambda models=models: cut(models, io.BytesIO(photo), "alpha", "none")
    jobs["cutout best, edge refined"] = lambda: (folder / "ours.png").write_bytes(cut(caches["best"], io.BytesIO(photo), "cutout", "guided"))
    large, coarse = torch.from_numpy(read_picture(folder / "large.jpg").pixels)[None], None
    coarse = run("matte", {"image": large}, {"refine": "none"}, models=caches["best"], wanted=("alpha",))["alpha"]
    jobs["edge refinement"] = lambda: run("refine_alpha", {"image": large, "alpha": coarse}, {}, models=caches["best"])
    return jobs


def main() -> None:
    """Serve until the input ends."""
    side, folder = sys.argv[1], Path(sys.argv[2])
    jobs = rembg_jobs(folder) if side == "rembg" else our_jobs(folder)
    answer = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        start = time.perf_counter()
        jobs[line.strip()]()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak}), file=answer, flush=True)


if __name__ == "__main__":
    main()
