"""From photo to portrait drawing, timed beside the authors' u2net_portrait_demo.py, step by step with the same network, and where our time goes.

    python benchmarks/portrait.py [--crops 512 1024] [--model ID] [--repeat 5] [--peer FOLDER] [--write]
    python benchmarks/portrait.py --alone --repeat 1 --crops 175        # without the authors' program: does every job run?

Photos are a public-domain portrait, so large that the crop around the head is as large as named; a crop of 1024 is that of a photo of 12 megapixels.
The authors' program needs the Haar cascade of OpenCV 4, which is installed for it alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from measuring import ROOT, Child, circumstances, in_turns, load, publish, shown, table

CHILD = ROOT / "benchmarks" / "portrait_child.py"
OPENCV = "opencv-python-headless==4.11.0.86"
SOURCE, CROP = ROOT / "docs" / "pictures" / "astronaut.jpg", 175
"""a portrait of 512×512 pixels, and how large the crop around the head is in it"""
ENGINES = {"best": "best engine", "torch": "PyTorch alone", "exact": "float32"}


def peer(folder: Path) -> dict[str, str]:
    """The environment in which `cv2` is OpenCV 4, installed on first use."""
    if not (folder / "cv2").is_dir():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), OPENCV], check=True)
    return {"PYTHONPATH": str(folder)}


def save_portrait(file: Path, crop: int) -> float:
    """A JPEG of 4:3 with a sensor's noise whose head's crop is of this size, px. Returns: its megapixels."""
    picture = cv2.imread(str(SOURCE))
    assert picture is not None
    side = round(512 * crop / CROP)
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, 0, 0, side // 6, side // 6, cv2.BORDER_REFLECT)
    noise = np.random.default_rng(crop).normal(0, 2, large.shape).astype(np.float32)
    cv2.imwrite(str(file), np.clip(large + noise, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return large.shape[0] * large.shape[1] / 1e6


def measure(ours: Child, official: Child | None, arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds by job, the authors' with "official " before it."""
    crops, sides = arguments.crops, arguments.sides
    mine = [f"{what} {size} {engine}" for engine in ENGINES for what, sizes in (("network", sides), ("photo", crops)) for size in sizes]
    mine += [f"{what} {size}" for what in ("detail", "detection") for size in crops]
    theirs = [f"{what} {size}" for what, sizes in (("network", sides), ("photo", crops), ("detection", crops)) for size in sizes]
    jobs: dict[str, Callable[[], float]] = {name: partial(ours.do, name) for name in mine}
    if official:
        jobs |= {f"official {name}": partial(official.do, name) for name in theirs}
    return in_turns(jobs, arguments.repeat)


def report(times: dict[str, list[float]], megapixels: dict[int, float], arguments: argparse.Namespace, before: str) -> str:
    """The section of the page."""

    def row(what: str, job: str, other: str, goal: str = "") -> tuple[str, ...]:
        theirs = times.get(f"official {other}")
        return what, shown(times[job]), shown(theirs) if theirs else "", f"**{min(theirs) / min(times[job]):.1f}×**" if theirs else "", goal

    rows: list[tuple[str, ...]] = []
    for crop, size in megapixels.items():
        photo = f"photo of {size:.1f} megapixels, crop of {crop} → drawing PNG"
        rows += [row(f"{photo}, {name}", f"photo {crop} {engine}", f"photo {crop}", "≥ 3×" * (engine == "best")) for engine, name in ENGINES.items()]
        rows.append(row(f"{photo}, best engine, with a closer look", f"detail {crop}", f"photo {crop}"))
    for size in arguments.sides:
        rows += [row(f"network {size}×{size}, {name}", f"network {size} {engine}", f"network {size}") for engine, name in ENGINES.items()]
    shares = []
    for crop, size in megapixels.items():
        found, whole = min(times[f"detection {crop}"]), min(times[f"photo {crop} best"])
        theirs = times.get(f"official detection {crop}")
        shares.append((f"{size:.1f}", shown(times[f"detection {crop}"]), f"{found / whole:.0%}", shown(theirs) if theirs else "", "≤ 15 %" * (size > 10)))
    return f"""## Portraits

{circumstances(before)}
The largest face of a photo, models loaded, {arguments.repeat} rounds; the model is `{arguments.model}`.
Beside it the steps of the authors' u2net_portrait_demo.py with the same network in float32 and the Haar cascade of OpenCV 4.11.
Theirs writes the drawing of the crop, 512×512; ours is of the photo's size.

{table(("what", "ms, least (median)", "authors' ms", "times as fast", "goal"), rows)}

{table(("detection of the largest face, megapixels", "ms, least (median)", "share of the whole, best engine", "authors' ms", "goal"), shares)}"""


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, nargs="+", default=[512, 1024], help="sizes of the crop around the head, px")
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024], help="sizes of what the network alone is given, px")
    parser.add_argument("--model", default=_default_model(), help="card of the network")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir()) / "u2studio-opencv4", help="where OpenCV 4 is or shall be")
    parser.add_argument("--alone", action="store_true", help="leave the authors' program out")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before = load()
    with tempfile.TemporaryDirectory() as place:
        megapixels = {crop: save_portrait(Path(place) / f"{crop}.jpg", crop) for crop in arguments.crops}
        given = (place, arguments.model, *(",".join(map(str, one)) for one in (arguments.crops, arguments.sides)))
        ours = Child(sys.executable, CHILD, "ours", *given)
        official = None if arguments.alone else Child(sys.executable, CHILD, "official", *given, environment=peer(arguments.peer))
        try:
            times = measure(ours, official, arguments)
        finally:
            for side in (ours, official):
                if side:
                    side.close()
    publish("portrait", report(times, megapixels, arguments, before), write=arguments.write)


def _default_model() -> str:
    from u2studio.shared_core import operation

    return str(operation("portrait").parameter("model").default)


if __name__ == "__main__":
    main()
