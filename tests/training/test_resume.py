"""A run that was stopped, killed or cut into pieces ends with the very weights of one that was left alone."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from u2studio.shared_core.errors import BadInput, ModelCorrupt
from u2studio.shared_core.training.loop import Orders
from u2studio.shared_core.training.run_folder import RunFolder

from .tiny import DoublingTask, RivalsTask, run


def after(steps: int) -> Callable[[], bool]:
    """Says stop after so many steps of this call."""
    asked = iter(range(1, steps))
    return lambda: next(asked, None) is None


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(stream)]


def same_outcome(one: Path, other: Path) -> None:
    for name in ("doubling.safetensors", "checkpoints/000012/weights-network.safetensors", "checkpoints/000012/average-network.safetensors",
                 "checkpoints/000012/optimizers.pt"):  # fmt: skip
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert rows(one / "validation.csv") == rows(other / "validation.csv")
    rankings = [json.loads((folder / "checkpoints/000012/state.json").read_text())["ranking"] for folder in (one, other)]
    assert rankings[0] == rankings[1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder).reason == "done"
    return folder


@pytest.mark.parametrize("pieces", [(5,), (1, 1, 6), (3,), (11,)], ids=str)
def test_stopped_and_resumed_is_bit_exact(whole: Path, tmp_path: Path, pieces: tuple[int, ...]) -> None:
    for steps in pieces:
        assert run(tmp_path, orders=Orders(stop=after(steps))).reason == "stopped"
    assert run(tmp_path).reason == "done"
    same_outcome(whole, tmp_path)


def test_killed_between_checkpoints_is_bit_exact(whole: Path, tmp_path: Path) -> None:
    def die(done: int, total: int, note: str) -> None:
        if note == "Training" and done == 11:
            raise RuntimeError("power failure")

    with pytest.raises(RuntimeError, match="power"):
        run(tmp_path, orders=Orders(progress=die))
    assert RunFolder(tmp_path).latest() == tmp_path / "checkpoints" / "000009"
    run(tmp_path)
    same_outcome(whole, tmp_path)
    assert [row["step"] for row in rows(tmp_path / "validation.csv")] == ["3", "6", "9", "12"]


def test_readers_of_their_own_change_nothing(whole: Path, tmp_path: Path) -> None:
    """In a process of its own, as training is: readers are forked, and the threads of all the engines that were tested here do not survive that."""
    program = "import sys; from pathlib import Path; from tests.training.tiny import run; run(Path(sys.argv[1]), workers=2)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[2], check=True)
    same_outcome(whole, tmp_path)


def test_two_phases_resume_too(tmp_path: Path) -> None:
    def weights(folder: Path) -> bytes:
        return b"".join((folder / f"checkpoints/000012/weights-{name}.safetensors").read_bytes() for name in ("maker", "judge"))

    run(tmp_path / "whole", RivalsTask())
    run(tmp_path / "parts", RivalsTask(), Orders(stop=after(5)))
    run(tmp_path / "parts", RivalsTask())
    assert weights(tmp_path / "whole") == weights(tmp_path / "parts")
    assert (tmp_path / "whole" / "doubling.safetensors").is_file(), "the outcome is the maker alone"


def test_minutes_stop_after_the_step_under_way(tmp_path: Path) -> None:
    ending = run(tmp_path, orders=Orders(minutes=1e-9))
    assert (ending.reason, ending.step) == ("minutes", 1)
    assert (tmp_path / "doubling.safetensors").is_file()


def test_other_pictures_are_refused(tmp_path: Path) -> None:
    run(tmp_path, orders=Orders(stop=after(2)))
    task = DoublingTask()
    task.data_hash = "others"
    with pytest.raises(BadInput, match="not those this run began with"):
        run(tmp_path, task)


def test_a_half_written_checkpoint_is_not_seen(tmp_path: Path) -> None:
    run(tmp_path, orders=Orders(stop=after(2)))
    (tmp_path / "checkpoints" / ".000009.part").mkdir()
    assert RunFolder(tmp_path).latest() == tmp_path / "checkpoints" / "000002"


def test_a_damaged_checkpoint_says_so(tmp_path: Path) -> None:
    run(tmp_path, orders=Orders(stop=after(2)))
    file = tmp_path / "checkpoints" / "000002" / "weights-network.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelCorrupt, match="000002 is damaged"):
        run(tmp_path)


@pytest.mark.parametrize("save", [torch.save, lambda value, file: file.write_bytes(pickle.dumps(value, protocol=2))], ids=["archive", "bare pickle"])
def test_code_in_a_checkpoint_stays_closed(tmp_path: Path, save: Callable[[Any, Path], object]) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "it ran",)

    run(tmp_path, orders=Orders(stop=after(2)))
    save(Bomb(), tmp_path / "checkpoints" / "000002" / "optimizers.pt")
    with pytest.raises(ModelCorrupt):
        run(tmp_path)
    assert not (tmp_path / "it ran").exists()
