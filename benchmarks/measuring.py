"""What the benchmarks of docs/performance.md share: photos, turns, processes that do jobs when told, and the page, a section for each benchmark."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
SECTIONS = ("speed", "growth", "stages", "roofline", "worker", "portrait")
"""of the page, in this order; each is written by the benchmark of its name"""
INTRODUCTION = """# How fast it is

Every section is written by its benchmark (`python benchmarks/NAME.py --write`) and says where and when. Trust the ratios, not the milliseconds: candidates take
turns, in an order that is reversed every other round, and the least of the rounds counts. No GPU was measured: what CUDA makes of it is not known.

Tried and left: decoding a JPEG four times smaller where only the mask is wanted saves 15 ms at 12 megapixels, but masks of doubtful pictures stray by 0.003,
more than all of bf16; batches of pictures on two cores gain nothing over one picture after the other; ISA-L for a whole PNG saves another 40 ms and
makes it 9 % larger; weights rounded to bf16 so that their errors cancel (GPTQ, on photos and noise) halve the errors of the weights, as
rounding each kernel so that its taps add up does with no photos at all; the rest comes from rounding between the layers; a constant channel that carries a
unit's bias gains nothing over a fused sum.
The first run of a weights file on a machine is not in these figures: it measures the file and keeps a compiled graph, and needs PyTorch for both.
"""


EMBEDDED = ROOT / "shared_core" / "models" / "pictures"
"""four public-domain photos"""


def photo(width: int, height: int, seed: int, source: Path = EMBEDDED) -> Image.Image:
    """A JPEG photo of a folder in this size, with a sensor's noise, which decides how long a PNG takes; of too few, all but the first show a part."""
    files, random = sorted(source.glob("*.jpg")), np.random.default_rng(seed)
    with Image.open(files[seed % len(files)]) as file:
        image = file.convert("RGB")
    if seed and len(files) < 64:
        share = random.uniform(0.6, 1)
        x, y = (random.uniform(0, (1 - share) * side) for side in image.size)
        image = image.crop((round(x), round(y), round(x + share * image.width), round(y + share * image.height)))
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if seed % 2 else image
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)).astype(np.float32)
    noise = random.normal(0, 2, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def save_photo(file: Path, megapixels: float, seed: int = 0, source: Path = EMBEDDED) -> Path:
    """A JPEG of 4:3. Large ones are made by a process of their own: what this one once needed would count as the peak of every process it starts."""
    width = max(16, round((megapixels * 1e6 * 4 / 3) ** 0.5))
    file.parent.mkdir(parents=True, exist_ok=True)
    if megapixels > 1 and __name__ != "__main__":
        subprocess.run([sys.executable, __file__, str(file), str(megapixels), str(seed), str(source)], check=True)
    else:
        photo(width, width * 3 // 4, seed, source).save(file, quality=92)
    return file


class Child:
    """A process that does jobs when told: `python SCRIPT ARGUMENTS…` which calls `serve`."""

    def __init__(self, python: str | Path, script: Path, *arguments: object, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [str(python), str(script), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        self.last: dict[str, float] = {}

    def do(self, job: str) -> float:
        """Seconds that one run of a job took; `last` has its processor seconds and the process's peak memory in MiB too."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(job + "\n")
        self._process.stdin.flush()
        self.last = json.loads(self._process.stdout.readline())
        return self.last["seconds"]

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def serve(jobs: Mapping[str, Callable[[], object]]) -> None:
    """The other end of `Child`: a job's name a line, its figures as a line of JSON."""
    import resource

    answer, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        start, processor = time.perf_counter(), time.process_time()
        jobs[line.strip()]()
        figures = {"seconds": time.perf_counter() - start, "processor": time.process_time() - processor}
        print(json.dumps({**figures, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), file=answer, flush=True)


class Ran(NamedTuple):
    """How a command went."""

    seconds: float
    peak_mib: float


def command(*arguments: object, environment: Mapping[str, str] | None = None) -> Ran:
    """Run a program to its end. Raises: RuntimeError, where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([*map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} ended with status {process.returncode}")
    return Ran(time.perf_counter() - started, usage.ru_maxrss / 1024)


def in_turns(jobs: Mapping[str, Callable[[], float]], repeat: int) -> dict[str, list[float]]:
    """Each job's seconds, a number for each round, after one round that counts for nothing."""
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(-1, repeat):
        for name in list(jobs)[:: 1 if number % 2 else -1]:
            seconds = jobs[name]()
            if number >= 0:
                times[name].append(seconds)
    return times


def shown(seconds: Sequence[float]) -> str:
    """Milliseconds: the least, and the median."""
    return f"{1000 * min(seconds):.0f} ({1000 * statistics.median(seconds):.0f})"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown."""
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *rows))


def load() -> str:
    """Of the machine now."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def circumstances(started_with: str) -> str:
    """Where and when a section was measured."""
    versions = [
        f"Python {platform.python_version()}",
        *map(_version, ("torch", "openvino", "numpy", "pillow", "opencv-python-headless", "deflate", "isal", "simplejpeg")),
    ]
    return f"{date.today().isoformat()}; {_processor()}, {os.cpu_count()} cores; {', '.join(versions)}; load {started_with} before, {load()} after."


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line for line in lines if line.startswith("flags")), "")
    return name + "".join(f" with {known}" for flag, known in (("amx_bf16", "AMX"),) if flag in flags)


def publish(section: str, text: str, *, write: bool) -> None:
    """Print a section, and with `write` put it into the page between its marks; the other sections stay as they are."""
    print(text)
    if not write:
        return
    before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    parts = {name: _part(before, name) for name in SECTIONS} | {section: text.strip()}
    body = "\n\n".join(f"{_mark(name, 'begin')}\n\n{parts[name]}\n\n{_mark(name, 'end')}" for name in SECTIONS)
    PAGE.write_text(f"{INTRODUCTION}\n{body}\n", encoding="utf-8")


def _part(page: str, name: str) -> str:
    _, found, rest = page.partition(_mark(name, "begin"))
    return rest.partition(_mark(name, "end"))[0].strip() if found else f"## {name.capitalize()}\n\nNot measured yet."


def _mark(name: str, what: str) -> str:
    return f"<!-- benchmarks/{name}.py: {what} -->"


if __name__ == "__main__":
    save_photo(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
