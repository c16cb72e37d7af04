"""From photo to cut-out, timed beside rembg with the same U²-NetP: sets up rembg's own environment, alternates, and prints the table of docs/performance.md.

    python benchmarks/speed.py --onnx u2netp.onnx [--peer FOLDER] [--repeat 5] [--files 64] [--megapixels 12] [--write]
    python benchmarks/speed.py --alone --repeat 1 --files 2 --megapixels 0.1        # without rembg: does every job run?

Both sides are processes that stay; each round does every job once, in turn, the order reversed every other round, so that a busy machine slows both.
Ratios are of the minima; medians and the load are printed with them. Trust the ratios, not the milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
REMBG = "rembg[cpu,cli]==2.0.86"
ROWS = (
    ("network 320×320, best engine", "network best", "network", "≥ 4×"),
    ("network 320×320, PyTorch alone", "network torch", "network", "≥ 1.8×"),
    ("network 320×320, float32", "network exact", "network", ""),
    ("photo → RGBA PNG, best engine", "cutout best", "cutout", "≥ 8×"),
    ("photo → RGBA PNG, PyTorch alone", "cutout torch", "cutout", "≥ 6.5×"),
    ("photo → RGBA PNG, float32", "cutout exact", "cutout", "≥ 5×"),
    ("photo → RGBA PNG, best engine, edge refined", "cutout best, edge refined", "cutout", ""),
    ("photo → mask PNG, best engine", "mask best", "mask", "≥ 4.5×"),
    ("edge refinement alone", "edge refinement", "", "≤ 0.2 s"),
    ("folder of photos of 2 megapixels", "folder", "folder", "≥ 6.5×"),
)
"""what it is, our job, rembg's job, the goal"""


class Child:
    """A process that does jobs when told."""

    def __init__(self, python: Path, side: str, folder: Path, environment: dict[str, str]) -> None:
        command = [str(python), str(ROOT / "benchmarks" / "speed_child.py"), side, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment)
        self.peak_mib = 0.0

    def do(self, job: str) -> float:
        """Seconds that one run of a job took."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(job + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.peak_mib = answer["peak_mib"]
        return answer["seconds"]

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def photo(width: int, height: int, seed: int) -> Image.Image:
    """A public-domain photo in this size, with a sensor's noise, which decides how long a PNG takes."""
    files = sorted((ROOT / "shared_core" / "models" / "pictures").glob("*.jpg"))
    with Image.open(files[seed % len(files)]) as image:
        pixels = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, 2, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def prepare(folder: Path, megapixels: float, files: int) -> None:
    """Write the photos: large.jpg, and `files` of two megapixels (of a sixth of the large one's, where that is less)."""
    (folder / "many").mkdir(parents=True)
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    photo(width, width * 3 // 4, 0).save(folder / "large.jpg", quality=92)
    small = round((min(2, megapixels / 6) * 1e6 * 4 / 3) ** 0.5)
    for index in range(files):
        photo(small, small * 3 // 4, index).save(folder / "many" / f"{index:03}.jpg", quality=92)


def peer(folder: Path, onnx: Path) -> tuple[Path, dict[str, str]]:
    """rembg's interpreter and environment, installed on first use."""
    python = folder / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", REMBG], check=True)
    home = folder / "home"
    for place in (home / "u2netp.onnx", home / "models" / "u2netp" / "u2netp.onnx"):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(onnx, place)
    return python, {"REMBG_HOME": str(home), "U2NET_HOME": str(home), "MODEL_CHECKSUM_DISABLED": "1"}


def measure(ours: Child, theirs: Child | None, repeat: int) -> dict[str, list[float]]:
    """Seconds by job, rembg's with "rembg " before it; after one round that counts for nothing."""
    turns = [(ours, "", job) for _, job, _, _ in ROWS] + [(theirs, "rembg ", job) for job in ("network", "cutout", "mask", "folder") if theirs]
    times: dict[str, list[float]] = defaultdict(list)
    for round_number in range(-1, repeat):
        for child, side, job in turns if round_number % 2 else turns[::-1]:
            if child and (round_number >= 0 or job != "folder"):
                times[side + job] += [child.do(job)] if round_number >= 0 else [child.do(job)][:0]
    return times


def table(times: dict[str, list[float]], ours: Child, theirs: Child | None) -> str:
    """Markdown."""
    lines = ["| what | ms, least (median) | rembg ms, least (median) | times as fast | goal |", "| --- | --- | --- | --- | --- |"]
    for what, job, other, goal in ROWS:
        mine, yours = times[job], times.get(f"rembg {other}")
        ratio = f"**{min(yours) / min(mine):.1f}×**" if yours else ""
        lines.append(f"| {what} | {_shown(mine)} | {_shown(yours) if yours else ''} | {ratio} | {goal} |")
    if theirs:
        lines.append(f"| peak memory of the process, all jobs, MiB | {ours.peak_mib:.0f} (three engines) | {theirs.peak_mib:.0f} | | |")
    return "\n".join(lines)


def _shown(seconds: list[float]) -> str:
    return f"{1000 * min(seconds):.0f} ({1000 * statistics.median(seconds):.0f})"


def page(body: str, arguments: argparse.Namespace, load: str) -> str:
    """docs/performance.md."""
    versions = ", ".join(f"{one} {version(one)}" for one in ("torch", "openvino", "numpy", "pillow", "opencv-python-headless"))
    return f"""# How fast it is

Written by `python benchmarks/speed.py`; {date.today():%d.%m.%Y}, Python {platform.python_version()}, {versions}; {os.cpu_count()} cores, {platform.machine()};
load before and after: {load}. Photo of {arguments.megapixels:g} megapixels, folder of {arguments.files} files, {arguments.repeat} rounds,
rembg 2.0.86 with the same U²-NetP in turn with ours. Times are of models already loaded. Trust the ratios, not the milliseconds.

{body}
"""


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--onnx", type=Path, help="the published u2netp.onnx")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir()) / "u2studio-rembg", help="where rembg's environment is or shall be")
    parser.add_argument("--alone", action="store_true", help="leave rembg out")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "photos"
        prepare(folder, arguments.megapixels, arguments.files)
        ours = Child(Path(sys.executable), "ours", folder, {})
        theirs = None
        if not arguments.alone:
            python, environment = peer(arguments.peer, arguments.onnx)
            theirs = Child(python, "rembg", folder, environment)
        times = measure(ours, theirs, arguments.repeat)
        body = table(times, ours, theirs)
        sizes = {name: (folder / f"{name}.png") for name in ("ours", "theirs")}
        if theirs:
            body += f"\n\nPNG of the cut-out: {sizes['ours'].stat().st_size / sizes['theirs'].stat().st_size:.2f} times rembg's bytes, with straight colour."
        for child in (ours, theirs):
            if child:
                child.close()
    text = page(body, arguments, f"{before:.1f}, {os.getloadavg()[0]:.1f}")
    print(text)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
