"""From photo to cut-out, timed beside rembg with the same U²-NetP: sets up rembg's own environment, takes turns with it, and prints the table of goals.

    python benchmarks/speed.py --onnx u2netp.onnx [--peer FOLDER] [--repeat 5] [--files 64] [--megapixels 12] [--photos FOLDER] [--write]
    python benchmarks/speed.py --alone --repeat 1 --files 2 --megapixels 0.1        # without rembg: does every job run?

Jobs with models loaded run in processes that stay, ours and rembg's; commands and peak memory in a process of their own each time. About a minute a round.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from measuring import EMBEDDED, ROOT, Child, circumstances, command, in_turns, load, publish, save_photo, shown, table
from speed_child import batches

REMBG = "rembg[cpu,cli]==2.0.86"
CHILD = ROOT / "benchmarks" / "speed_child.py"
U2STUDIO = (sys.executable, str(ROOT))


class Row(NamedTuple):
    """A line of the table."""

    what: str
    ours: str
    """job"""
    theirs: str
    goal: str


TIMES = (
    Row("network 320×320, best engine", "network best", "network", "≥ 4×"),
    Row("network 320×320, PyTorch alone", "network torch", "network", "≥ 1.8×"),
    Row("network 320×320, float32", "network exact", "network", ""),
    Row("network 1024×1024, best engine", "network 1024 best", "network 1024", "≥ 3.5×"),
    Row("photo → RGBA PNG, what rembg does, best engine", "cutout best", "cutout", "≥ 8×"),
    Row("the same, PyTorch alone", "cutout torch", "cutout", "≥ 6.5×"),
    Row("the same, float32", "cutout exact", "cutout", "≥ 5×"),
    Row("photo → RGBA PNG, edge colours freed", "cutout best, freed", "cutout", ""),
    Row("photo → RGBA PNG as it is by default, edge colours freed and edge refined", "cutout best, default", "cutout", ""),
    Row("photo → mask PNG, best engine", "mask best", "mask", "≥ 4.5×"),
    Row("folder of photos of 2 megapixels, what rembg does", "folder", "folder", "≥ 6.5×"),
    Row("folder of photos of 2 megapixels, by default", "folder by default", "folder", ""),
    Row("cold command → RGBA PNG, what rembg does", "command plain", "command", "≥ 2×"),
    Row("cold command → RGBA PNG, by default", "command", "command", "≥ 2×"),
    Row("command with a running worker, what rembg does", "worker plain", "command", "≥ 10×"),
    Row("command with a running worker, by default", "worker", "command", ""),
    Row("`--help`", "help", "help", "≤ 200 ms"),
    Row("edge refinement alone", "edge refinement", "", "≤ 200 ms"),
)
PEAKS = (Row("resident, best engine", "cutout best", "cutout", "≤ 0.5"), Row("resident, PyTorch alone", "cutout torch", "cutout", ""))


def peer(folder: Path, onnx: Path) -> tuple[Path, dict[str, str]]:
    """rembg's interpreter and environment, installed on first use."""
    python = folder / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", REMBG], check=True)
    home = folder / "home"
    for place in (home / "u2netp.onnx", home / "models" / "u2netp" / "u2netp.onnx"):
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(shutil.SameFileError):
            shutil.copyfile(onnx, place)
    return python, {
        "REMBG_HOME": str(home), "U2NET_HOME": str(home), "MODEL_CHECKSUM_DISABLED": "1", "U2NETP_OF_ANY_SIZE": str(_freed(onnx, home / "any_size.onnx")),
    }  # fmt: skip


def _freed(onnx: Path, target: Path) -> Path:
    """The same network for pictures of any size: the published file fixes 320×320, which nothing in it needs."""
    import onnx as library

    model = library.load(onnx)
    for one in (*model.graph.input, *model.graph.output):
        for axis in (2, 3):
            one.type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
    library.save(model, target)
    return target


class Side:
    """Ours or rembg's: jobs by name."""

    def __init__(self, name: str, folder: Path, python: Path, environment: dict[str, str]) -> None:
        self.name, self.folder, self.python, self.environment = name, folder, python, environment
        self.processor: dict[str, float] = {}
        """least processor seconds of each job"""
        self.children = {False: self._child(), True: self._child()}
        """for one photo, and for a folder: engines are set up for one or several pictures at a time, as commands do, never for both"""

    def _child(self) -> Child:
        return Child(self.python, CHILD, self.name, self.folder, environment=self.environment)

    def run(self, job: str) -> float:
        """Seconds."""
        if job in (commands := self._commands()):
            return command(*commands[job], environment=self.environment).seconds
        child = self.children["folder" in job]
        seconds = child.do(job)
        self.processor[job] = min(self.processor.get(job, 1e9), child.last["processor"])
        return seconds

    def peak(self, job: str) -> float:
        """MiB of a fresh process that does one job."""
        if job in (commands := self._commands()):
            return command(*commands[job], environment=self.environment).peak_mib
        child = self._child()
        child.do(job)
        child.close()
        return child.last["peak_mib"]

    def _commands(self) -> dict[str, tuple[object, ...]]:
        photo, target = self.folder / "large.jpg", self.folder / f"{self.name} command.png"
        if self.name == "rembg":
            rembg = self.python.with_name("rembg")
            return {"command": (rembg, "i", "-m", "u2netp", photo, target), "help": (rembg, "--help")}
        plain = "--refine", "none", "--colours", "photo"
        cold = (*U2STUDIO, "matte", photo, "-o", target, "--overwrite")
        return {
            "command": cold, "command plain": (*cold, *plain), "worker": (*cold, "--worker"), "worker plain": (*cold, "--worker", *plain),
            "help": (*U2STUDIO, "--help"),
        }  # fmt: skip


def measure(ours: Side, theirs: Side | None, repeat: int) -> dict[str, list[float]]:
    """Seconds by job, rembg's with "rembg " before it."""
    jobs: dict[str, Callable[[], float]] = {}
    for row in TIMES:
        jobs[row.ours] = partial(ours.run, row.ours)
        if theirs and row.theirs:
            jobs[f"rembg {row.theirs}"] = partial(theirs.run, row.theirs)
    return in_turns(jobs, repeat)


def report(times: dict[str, list[float]], ours: Side, theirs: Side | None, arguments: argparse.Namespace, before: str) -> str:
    """The section of the page."""
    rows = []
    for row in TIMES:
        yours = times.get(f"rembg {row.theirs}")
        ratio = f"**{min(yours) / min(times[row.ours]):.1f}×**" if yours else ""
        rows.append((row.what, shown(times[row.ours]), shown(yours) if yours else "", ratio, row.goal))
    text = f"""## Beside rembg {REMBG.rpartition("=")[2]}

{circumstances(before)}
Photo of {arguments.megapixels:g} megapixels, folder of {arguments.files} {_named(arguments.photos)}, {arguments.repeat} rounds; the same U²-NetP.
Only commands load their models.
rembg neither refines the edge nor frees its colours of the background; rows "what rembg does" do not either, the others do.

{table(("what", "ms, least (median)", "rembg ms", "times as fast", "goal"), rows)}

{table(("peak memory of a process of its own", "MiB", "rembg MiB", "share", "goal"), list(_peaks(ours, theirs)))}
"""
    cores, at_work = os.cpu_count() or 1, ours.processor["folder"]
    text += f"\nFolder: {arguments.files / min(times['folder']):.1f} photos a second; processors busy {100 * at_work / min(times['folder']) / cores:.0f} %."
    if theirs:
        share = (ours.folder / "ours.png").stat().st_size / (ours.folder / "theirs.png").stat().st_size
        plain, default, rembg = (sum(file.stat().st_size for file in (ours.folder / name).glob("*.png")) for name in ("ours", "ours by default", "theirs"))
        text += f"\nPNG of the cut-out: {share:.2f} times rembg's bytes (goal ≤ 1.15), with straight colour; rembg's is multiplied by alpha."
        text += f"\nThose of the folder: {plain / rembg:.2f} times, by default {default / rembg:.2f} times:"
        text += " straight colour keeps all that shines through where alpha is low."
    return f"{text}\n\n{precision(arguments.pictures)}"


def _named(photos: Path) -> str:
    return "parts of four photos" if photos == EMBEDDED else f"photos of `{photos.parent.name}`"


def _peaks(ours: Side, theirs: Side | None) -> Iterator[tuple[object, ...]]:
    for row in (*PEAKS, Row("cold command", "command", "command", "≤ 0.5")):
        mine, yours = ours.peak(row.ours), theirs.peak(row.theirs) if theirs else 0
        yield row.what, f"{mine:.0f}", f"{yours:.0f}" if theirs else "", f"{mine / yours:.2f}" if theirs else "", row.goal


def precision(pictures: int) -> str:
    """How far the masks of the fast ways stray from float32, on the four pictures that the precision contract is measured on."""
    from u2studio.shared_core.models.cache import ModelCache
    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.precision import differences, limits, stretched

    one, rows = card("u2netp"), []
    exact = ModelCache("cpu", "fp32", "torch").get("u2netp")
    for size, engines in ((320, ("auto", "torch")), (1024, ("auto",))):
        seen = batches(size)[:pictures]
        reference = [stretched(one, exact(batch)[0]) for batch in seen]
        for engine in engines:
            fast = ModelCache("cpu", "auto", engine).get("u2netp")
            found, allowed = differences(reference, [stretched(one, fast(batch)[0]) for batch in seen]), limits(size)
            name = f"{size}×{size}, {'best engine' if engine == 'auto' else 'PyTorch alone'}"
            rows.append(
                (name, f"{found.mean:.5f}", f"{found.worst:.5f}", f"{100 * found.flips:.3f} %", f"{allowed.mean:g}, {allowed.worst:g}, {allowed.flips:.2%}")
            )
    return table(("mask beside float32", "mean difference", "worst picture", "pixels crossing one half", "allowed"), rows)


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", type=Path, help="the published u2netp.onnx")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir()) / "u2studio-rembg", help="where rembg's environment is or shall be")
    parser.add_argument("--alone", action="store_true", help="leave rembg out")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--photos", type=Path, default=EMBEDDED, help="JPEGs to make the folder of; default: parts of the four embedded ones")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--pictures", type=int, default=4, help="of the four that precision is measured on")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before = load()
    with tempfile.TemporaryDirectory(prefix="u2", dir="/tmp") as place:
        folder = Path(place) / "photos"
        save_photo(folder / "large.jpg", arguments.megapixels)
        for index in range(arguments.files):
            save_photo(folder / "many" / f"{index:03}.jpg", min(2, arguments.megapixels / 6), index, arguments.photos)
        ours = Side("ours", folder, Path(sys.executable), {"XDG_RUNTIME_DIR": place})
        theirs = None if arguments.alone else Side("rembg", folder, *peer(arguments.peer, arguments.onnx))
        try:
            times = measure(ours, theirs, arguments.repeat)
            text = report(times, ours, theirs, arguments, before)
        finally:
            command(*U2STUDIO, "worker", "--stop", environment=ours.environment)
            for side in (ours, theirs):
                for child in side.children.values() if side else ():
                    child.close()
    publish("speed", text, write=arguments.write)


if __name__ == "__main__":
    main()
