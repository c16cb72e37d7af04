"""One side of `speed.py` and `growth.py`: does jobs when told. Ours, or rembg's where it is started in rembg's environment.

python benchmarks/speed_child.py ours|rembg FOLDER
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import serve

if TYPE_CHECKING:
    import numpy as np

    from u2studio.shared_core.models.cache import ModelCache

Jobs = dict[str, Callable[[], object]]
ENGINES = {"best": ("auto", "auto"), "torch": ("auto", "torch"), "exact": ("fp32", "auto")}
"""name in the tables → precision, engine"""
PLAIN = {"refine": "none", "colours": "photo"}
"""what rembg does"""


def rembg_jobs(folder: Path) -> Jobs:
    """As `rembg i` and `rembg p` call it: bytes in, bytes out."""
    import numpy as np
    from rembg import new_session, remove  # pyright: ignore[reportMissingImports]

    session: Any = new_session("u2netp", providers=["CPUExecutionProvider"])
    entry = session.inner_session.get_inputs()[0].name
    free: Any = cache(lambda: type(session.inner_session)(os.environ["U2NETP_OF_ANY_SIZE"], providers=["CPUExecutionProvider"]))
    photo = (folder / "large.jpg").read_bytes()

    def each() -> None:
        for file in sorted((folder / "many").glob("*.jpg")):
            (folder / "theirs" / f"{file.stem}.png").write_bytes(remove(file.read_bytes(), session=session))

    (folder / "theirs").mkdir(exist_ok=True)
    return {
        "network": lambda: session.inner_session.run(None, {entry: np.zeros((1, 3, 320, 320), np.float32)}),
        "network 1024": lambda: free().run(None, {entry: np.zeros((1, 3, 1024, 1024), np.float32)}),
        "cutout": lambda: (folder / "theirs.png").write_bytes(remove(photo, session=session)),
        "mask": lambda: remove(photo, session=session, only_mask=True),
        "folder": each,
    }


@cache
def engine_models(name: str, at_once: int = 1) -> ModelCache:
    """Models run by one of `ENGINES`, kept."""
    from u2studio.shared_core.models.cache import ModelCache

    precision, engine = ENGINES[name]
    return ModelCache("cpu", precision, engine, at_once)


@cache
def batches(size: int) -> list[np.ndarray]:
    """The pictures that the precision contract is measured on, as U²-NetP takes them, each [1, 3, size, size]."""
    import cv2
    import numpy as np

    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.precision import samples

    return [np.stack([cv2.resize(plane, (size, size)) for plane in planes])[None] for (planes,) in samples(card("u2netp"))]


def our_jobs(folder: Path) -> Jobs:
    """The same with files read and written as the command line does it."""
    from u2studio.shared_core.cli.process import begin

    begin()
    from u2studio.shared_core.cli.photo import Photo, Wish, do_photo
    from u2studio.shared_core.progress import silent

    def made(name: str, output: str, matte: Mapping[str, object], target: str = "scratch.png") -> None:
        wish = Wish(job="matte", outputs=(output,), params={"matte": matte}, overwrite=True)
        one = Photo(source=folder / "large.jpg", name="-", targets={output: folder / target})
        do_photo(one, wish, None, models=engine_models(name), progress=silent, language="en")

    jobs: Jobs = {
        "folder": lambda: _folder(folder, PLAIN, "ours"),
        "folder by default": lambda: _folder(folder, {}, "ours by default"),
        "edge refinement": lambda: _refined(folder),
    }
    for name in ENGINES:
        jobs[f"network {name}"] = lambda name=name: engine_models(name).get("u2netp")(batches(320)[0])
        jobs[f"network 1024 {name}"] = lambda name=name: engine_models(name).get("u2netp")(batches(1024)[0])
        jobs[f"cutout {name}"] = lambda name=name: made(name, "cutout", PLAIN, "ours.png")
        jobs[f"mask {name}"] = lambda name=name: made(name, "alpha", PLAIN)
    jobs["cutout best, freed"] = lambda: made("best", "cutout", {"refine": "none"})
    jobs["cutout best, default"] = lambda: made("best", "cutout", {})
    return jobs


def _folder(folder: Path, matte: Mapping[str, object], target: str) -> None:
    """As `u2studio matte FOLDER`, with models loaded."""
    from u2studio.shared_core.cli.folder import Folder, automatic_jobs
    from u2studio.shared_core.cli.photo import Photo, Wish, do_photo
    from u2studio.shared_core.cli.report import Report
    from u2studio.shared_core.imaging.files import OutputNames, find_pictures
    from u2studio.shared_core.progress import Progress

    wish = Wish(job="matte", outputs=("cutout",), params={"matte": matte}, overwrite=True)

    def do(photo: Photo, progress: Progress):
        return do_photo(photo, wish, None, models=engine_models("best", automatic_jobs()), progress=progress, language="en")

    names = {"cutout": OutputNames(folder / target)}
    Folder(do, names, title="Cutting out", overwrite=True, resume=False, report=Report(None), jobs=automatic_jobs()).work(find_pictures([str(folder / "many")]))


@cache
def _large(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The photo and its unrefined alpha."""
    from u2studio.shared_core import run
    from u2studio.shared_core.imaging.files import read_picture

    image = read_picture(folder / "large.jpg").pixels[None]
    return image, run("matte", {"image": image}, {"refine": "none"}, models=engine_models("best"), wanted=("alpha",))["alpha"]


def _refined(folder: Path) -> None:
    from u2studio.shared_core import run

    image, coarse = _large(folder)
    run("refine_alpha", {"image": image, "alpha": coarse}, models=engine_models("best"))


if __name__ == "__main__":
    serve(rembg_jobs(Path(sys.argv[2])) if sys.argv[1] == "rembg" else our_jobs(Path(sys.argv[2])))
