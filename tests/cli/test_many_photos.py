"""Folders worked several photos at a time, watched, and handed to the resident worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.cli.arrivals import arriving
from u2studio.shared_core.cli.folder import Folder
from u2studio.shared_core.cli.photo import Made, Photo
from u2studio.shared_core.cli.report import Report
from u2studio.shared_core.imaging.files import Found, find_pictures, read_provenance
from u2studio.shared_core.processors import processors
from u2studio.shared_core.progress import Progress

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def album(place: Path, small: Image.Image) -> Path:
    """photos/00.png … 05.png, each another one."""
    (place / "photos").mkdir()
    for number in range(6):
        small.rotate(10 * number).save(f"photos/{number:02}.png")
    return Path("photos")


def _pixels(folder: str) -> dict[str, bytes]:
    return {one.name: np.asarray(Image.open(one)).tobytes() for one in sorted(Path(folder).iterdir())}


def _lines(report: str) -> list[dict]:
    return [json.loads(line) for line in Path(report).read_text(encoding="utf-8").splitlines()]


def _wait_for(test: Callable[[], object], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < until, "did not come true"
        time.sleep(0.05)


@pytest.mark.parametrize(("jobs", "share"), [(1, 6), (2, 3), (4, 1), (12, 1)])
def test_photos_at_once_share_the_processors(jobs: int, share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("u2studio.shared_core.processors._cores", lambda: 6)
    monkeypatch.setattr("u2studio.shared_core.processors.sys", SimpleNamespace(modules={}))  # without PyTorch
    used: list[int] = []

    def do(photo: Photo, progress: Progress) -> Made:
        used.append(processors())
        return Made(provenance={}, notices=[])

    folder = Folder(do, {}, title="Cutting out", overwrite=False, resume=False, report=Report(None), jobs=jobs)
    folder.work(iter([Found(path=Path("photo.jpg"))] * 3))
    assert used == [share] * 3


def test_a_photo_that_takes_long_holds_up_no_other() -> None:
    others: list[str] = []
    all_others = Event()

    def do(photo: Photo, progress: Progress) -> Made:
        if photo.name == "0.jpg":
            assert all_others.wait(60)
        else:
            others.append(photo.name)
            if len(others) == 8:
                all_others.set()
        return Made(provenance={}, notices=[])

    folder = Folder(do, {}, title="Cutting out", overwrite=False, resume=False, report=Report(None), jobs=2)
    folder.work(iter(Found(path=Path(f"{number}.jpg")) for number in range(9)))
    assert folder.finished == 9


def test_several_at_once_make_what_one_after_the_other_makes(u2studio: Callable, album: Path) -> None:
    (album / "03.png").write_bytes(b"no picture")
    endings = [u2studio("matte", album, "-o", f"out{jobs}", "--jobs", jobs, "--report", f"{jobs}.jsonl", "--precision", "fp32") for jobs in (1, 3)]
    assert [ending.status for ending in endings] == [1, 1]
    assert endings[0].err == endings[1].err
    assert _pixels("out1") == _pixels("out3")
    assert len(_pixels("out1")) == 5
    for jobs in (1, 3):
        lines = _lines(f"{jobs}.jsonl")
        assert [line["input"] for line in lines] == [f"photos/{number:02}.png" for number in range(6)]
        assert [line["status"] for line in lines] == ["done"] * 3 + ["failed"] + ["done"] * 2


def test_the_report_says_how_each_photo_was_made(u2studio: Callable, album: Path) -> None:
    assert u2studio("matte", album / "00.png", "-o", "out", "--edge-width", 5, "--report", "report.jsonl").status == 0
    (line,) = _lines("report.jsonl")
    assert line["status"] == "done"
    assert line["parameters"]["edge_width"] == 5
    assert len(line["models"]["u2netp"]) == 64
    assert line["seconds"] > 0
    (confidence,) = line["figures"]["confidence"] if isinstance(line["figures"]["confidence"], list) else [line["figures"]["confidence"]]
    assert 0 < confidence <= 1


def test_resume_replaces_what_is_there_in_part(u2studio: Callable, album: Path) -> None:
    outputs = ("--output", "alpha", "--output", "trimap")
    assert u2studio("matte", album / "00.png", "-o", "out", *outputs).status == 0
    Path("out/00_trimap.png").unlink()
    ending = u2studio("matte", album, "-o", "out", *outputs, "--resume", "--jobs", 2, "--report", "r.jsonl")
    assert ending.status == 0
    assert {line["status"] for line in _lines("r.jsonl")} == {"done"}
    assert len(_pixels("out")) == 12


@posix
def test_a_killed_run_leaves_whole_files_and_can_be_resumed(album: Path, process: Callable, small: Image.Image) -> None:
    small.resize((640, 480)).save("photos/00.png")
    for number in range(6, 60):
        os.link("photos/00.png", f"photos/{number:02}.png")
    with subprocess.Popen([sys.executable, "-m", "u2studio", "matte", "photos", "-o", "out", "--jobs", "2"]) as running:
        _wait_for(lambda: Path("out/01.png").exists())
        running.kill()
    finished = [one for one in Path("out").iterdir() if one.suffix == ".png"]
    assert len(finished) < 60
    for one in finished:
        Image.open(one).load()
    few = [str(album / f"{number:02}.png") for number in range(6)]
    assert process("matte", *few, "-o", "out", "--resume").status == 0
    assert all(Path(f"out/{number:02}.png").exists() for number in range(6))


class TestArrivals:
    """`arriving` alone, without waiting."""

    @pytest.fixture
    def looks(self, place: Path) -> Callable[[], list[str]]:
        arrivals = arriving(lambda: find_pictures(["in"]), pause=0)
        Path("in").mkdir()

        def look() -> list[str]:
            found: list[str] = []
            while isinstance(one := next(arrivals), Found):
                found.append(one.name)
            return found

        return look

    def test_a_file_is_taken_once_and_only_when_it_stands_still(self, looks: Callable[[], list[str]]) -> None:
        file = Path("in/a.png")
        file.write_bytes(b"1")
        assert looks() == []
        file.write_bytes(b"12")
        assert looks() == []
        assert looks() == ["in/a.png"]
        assert looks() == []

    def test_an_empty_file_is_waited_for(self, looks: Callable[[], list[str]]) -> None:
        Path("in/a.png").touch()
        assert [looks(), looks(), looks()] == [[], [], []]

    def test_what_goes_away_is_forgotten_in_silence(self, looks: Callable[[], list[str]]) -> None:
        Path("in/a.png").write_bytes(b"1")
        assert looks() == []
        Path("in/a.png").unlink()
        assert looks() == []
        shutil.rmtree("in")
        assert looks() == []
        Path("in").mkdir()
        Path("in/a.png").write_bytes(b"1")
        assert [looks(), looks()] == [[], ["in/a.png"]]


@posix
def test_watching_cuts_what_arrives_until_ctrl_c(place: Path, small: Image.Image, interrupted: Callable[..., int]) -> None:
    Path("in").mkdir()
    Path("out").mkdir()
    small.save("in/first.png")
    small.save("in/done.png")
    Path("out/done.png").write_bytes(b"done before")
    arrived: list[str] = []

    def ready() -> bool:
        if not arrived and Path("out/first.png").exists():
            Path("in/broken.png").write_bytes(b"no picture")
            small.rotate(90).save("later.png")
            Path("later.png").rename("in/later.png")
            arrived.append("later")
        return Path("out/later.png").exists()

    status = interrupted("matte", "in", "-o", "out", "--watch", "--output", "alpha", "--report", "r.jsonl", ready=ready)
    assert status == 1  # broken.png
    assert {line["input"]: line["status"] for line in _lines("r.jsonl")} == {
        "in/first.png": "done", "in/done.png": "skipped", "in/later.png": "done", "in/broken.png": "failed",
    }  # fmt: skip
    assert Path("out/done.png").read_bytes() == b"done before"
    assert sorted(one.name for one in Path("out").iterdir()) == ["done.png", "first.png", "later.png"]


@posix
def test_watching_an_empty_folder_ends_well(place: Path, interrupted: Callable[..., int]) -> None:
    Path("in").mkdir()
    started = time.monotonic()
    assert (
        interrupted("matte", "in", "-o", "out", "--watch", "--report", "r.jsonl", ready=lambda: Path("r.jsonl").exists() and time.monotonic() > started + 1)
        == 0
    )


@pytest.mark.parametrize("arguments", [("in", "-o", "-"), ("-", "-o", "out"), ("in", "-o", "one.png")], ids=" ".join)
def test_watching_needs_folders(arguments: tuple[str, ...], u2studio: Callable, place: Path) -> None:
    Path("in").mkdir()
    ending = u2studio("matte", *arguments, "--watch")
    assert ending.status == 2
    assert "--watch" in ending.err


@pytest.fixture
def worker(process: Callable, tmp_path: Path) -> Iterator[Callable]:
    """Call `u2studio` in a process of its own; a worker that it starts ends with the test."""
    folder = tmp_path / "run"
    folder.mkdir()

    def call(*arguments: object, **options: object):
        return process(*arguments, XDG_RUNTIME_DIR=str(folder), **options)

    yield call
    call("worker", "--stop")


@posix
def test_the_worker_makes_the_same_files(worker: Callable, album: Path) -> None:
    Path("photos/03.png").write_bytes(b"no picture")
    outputs = ("--output", "cutout", "--output", "composite", "--background", "photos/05.png", "--edge-width", "4")
    here = worker("matte", album, "-o", "here", *outputs)
    there = worker("matte", album, "-o", "there", *outputs, "--worker", "--report", "r.jsonl")
    assert (here.status, there.status) == (1, 1)
    assert here.err == there.err
    assert _pixels("here") == _pixels("there")
    assert read_provenance(Path("here/00_cutout.png")) == read_provenance(Path("there/00_cutout.png"))
    assert [line["status"] for line in _lines("r.jsonl")] == ["done"] * 3 + ["failed"] + ["done"] * 2
    assert json.loads(worker("worker", "--status").out)["jobs"] == 0

    again = worker("matte", album / "00.png", "-o", "there", *outputs, "--worker")
    assert again.status == 1
    assert "--overwrite" in again.err
    piped = worker("matte", "-", "-o", "-", "--output", "alpha", "--worker", stdin=(album / "00.png").read_bytes())
    assert worker("matte", album / "00.png", "-o", "alpha.png", "--output", "alpha").status == 0
    Path("piped.png").write_bytes(piped.out)
    assert np.array_equal(np.asarray(Image.open("piped.png")), np.asarray(Image.open("alpha.png")))

    os.kill(json.loads(worker("worker", "--status").out)["pid"], signal.SIGKILL)
    assert worker("matte", album / "01.png", "-o", "again", "--worker").status == 0


def test_the_workers_caller_loads_neither_torch_nor_numpy(in_python: Callable[..., str], photo_file: Path, tmp_path: Path) -> None:
    program = f"""
import sys
from u2studio.shared_core.worker.client import Answer, Client
Client.run = lambda *_: Answer({{}}, {{}}, {{}}, 0.0)
from u2studio.shared_core.cli import main
sys.argv = ["u2studio", "matte", {str(photo_file)!r}, "-o", "out", "--worker"]
print(main(), sorted({{"torch", "numpy", "PIL", "cv2", "rich", "httpx"}} & set(sys.modules)))
"""
    assert in_python(program, XDG_RUNTIME_DIR=str(tmp_path)) == "0 []\n"


def test_device_and_precision_are_the_workers_own(u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", photo_file, "-o", "out", "--worker", "--precision", "fp32")
    assert ending.status == 2
    assert "u2studio worker" in ending.err


@posix
def test_the_worker_draws_the_same_portraits(worker: Callable, place: Path, pictures: Path) -> None:
    Image.open(pictures / "astronaut.jpg").crop((56, 30, 456, 330)).save("anna.png")
    arguments = ("anna.png", "--engine", "classical", "--output", "ink", "--output", "composite")
    here, there = (worker("portrait", *arguments, "-o", folder, *more) for folder, more in (("here", ()), ("there", ("--worker",))))
    assert (here.status, there.status) == (0, 0)
    assert here.err == there.err
    assert _pixels("here") == _pixels("there")
    assert read_provenance(Path("here/anna_ink.png")) == read_provenance(Path("there/anna_ink.png"))
