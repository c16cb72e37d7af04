"""What a run leaves behind, and when it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from u2studio.shared_core.errors import BadInput, OutOfMemory
from u2studio.shared_core.models.convert import read_metadata
from u2studio.shared_core.models.store import sha256
from u2studio.shared_core.training.average import MovingAverage
from u2studio.shared_core.training.loop import Orders
from u2studio.shared_core.training.order import sample_at
from u2studio.shared_core.training.ranking import Ranking, Validated
from u2studio.shared_core.training.rate import share_at
from u2studio.shared_core.training.recipe import Rate
from u2studio.shared_core.training.run_folder import RunFolder
from u2studio.shared_core.training.task import Batch, Modules

from .tiny import DoublingTask, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]


def test_leaves_weights_card_logs_and_sheets(tmp_path: Path) -> None:
    told: list[tuple[int, bool]] = []
    ending = run(tmp_path, orders=Orders(on_validation=lambda one, best: told.append((one.step, best))))
    card = tomllib.loads((tmp_path / "card.toml").read_text(encoding="utf-8"))
    assert [step for step, _ in told] == [3, 6, 9, 12]
    assert ending.best is not None
    assert card["training"]["steps"] == ending.best.step
    assert card["training"] | {"seed": 0, "steps_run": 12, "ended": "done", "data_hash": "none", "processes": 1} == card["training"]
    assert card["quality"]["error"] == pytest.approx(ending.best.figures["error"])
    assert card["recipe"]["optimizer"]["betas"] == [0.9, 0.999]
    assert card["sources"][0]["sha256"] == sha256(tmp_path / "doubling.safetensors")
    assert read_metadata(tmp_path / "doubling.safetensors")["recipe"] == "doubling"
    assert sorted(file.name for file in (tmp_path / "samples").iterdir()) == ["000006.jpg", "000012.jpg"]
    assert (tmp_path / "steps.csv").read_text().splitlines()[0] == "step,seconds,learning_rate,loss,mse"
    assert not list(tmp_path.rglob("*.part"))


def test_the_outcome_is_the_best_validated(tmp_path: Path) -> None:
    ending = run(tmp_path)
    assert ending.best is not None
    best, outcome = RunFolder(tmp_path).load_best(ending.best.step, "network"), load_file(tmp_path / "doubling.safetensors")
    assert all(torch.equal(best[key], outcome[key]) for key in best)
    assert len(list((tmp_path / "best").iterdir())) == 2, "as many as the recipe keeps"


def test_ends_early_without_progress(tmp_path: Path) -> None:
    class Worse(DoublingTask):
        def summary(self, rows: object) -> dict[str, float]:
            self.asked = getattr(self, "asked", 0) + 1
            return {"error": float(self.asked)}

    ending = run(tmp_path, Worse(), validation={"every": 2, "patience": 2})
    assert (ending.reason, ending.step, ending.best and ending.best.step) == ("early", 6, 2)
    assert run(tmp_path, Worse(), validation={"every": 2, "patience": 2}).reason == "early", "resumed, it does not begin anew"


def test_learns(tmp_path: Path) -> None:
    ending = run(tmp_path, steps=100, optimizer={"learning_rate": 0.03}, validation={"every": 0}, samples={"every": 0}, checkpoint_every=100)
    assert ending.best is not None
    assert ending.best.figures["error"] < 0.3, "of a mean of 1"


def test_an_unknown_metric_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"validation\.metric is 'mea'"):
        run(tmp_path, validation={"metric": "mea"})


def test_frozen_batch_norm_keeps_its_statistics(tmp_path: Path) -> None:
    run(tmp_path, freeze_batch_norm=True)
    weights = load_file(tmp_path / "checkpoints/000012/weights-network.safetensors")
    assert (weights["1.running_mean"] == 0).all()
    assert (weights["1.weight"] != 1).all(), "its factors still learn"


def test_every_sample_comes_once_in_a_turn() -> None:
    turns = [[sample_at(position, 7, seed=3)[0] for position in range(start, start + 7)] for start in (0, 7, 14)]
    assert all(sorted(turn) == list(range(7)) for turn in turns)
    assert turns[0] != turns[1] != turns[2]


def test_chance_belongs_to_the_position() -> None:
    assert sample_at(5, 7, 0)[1].random() == sample_at(5, 7, 0)[1].random()
    assert sample_at(5, 7, 0)[1].random() != sample_at(12, 7, 0)[1].random()
    assert sample_at(5, 7, 0)[1].random() != sample_at(5, 7, 1)[1].random()


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (9, 1.0), (10, 1.0), (20, 1.0), (60, 0.55), (100, 0.1)])
def test_rate_rises_holds_and_falls(step: int, share: float) -> None:
    assert share_at(Rate(warm_up=10, hold=20, decay="linear", final=0.1), step, 100) == pytest.approx(share)
    assert share_at(Rate(warm_up=10, hold=20, decay="cosine", final=0.1), step, 100) == pytest.approx(share)


def test_rate_stays_whole_without_decay() -> None:
    assert {share_at(Rate(), step, 10) for step in range(20)} == {1.0}


def test_moving_average_by_hand() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(module.weight, 1.0)
    average = MovingAverage({"one": module}, 0.5)
    torch.nn.init.constant_(module.weight, 3.0)
    average.update(0)  # keeps 1/10
    assert average.state["one"]["weight"].item() == pytest.approx(2.8)
    average.update(100)  # keeps one half
    assert average.state["one"]["weight"].item() == pytest.approx(2.9)
    with average.shown():
        assert module.weight.item() == pytest.approx(2.9)
    assert module.weight.item() == 3.0


def test_ranking_keeps_the_best_and_counts_the_worse() -> None:
    ranking = Ranking("f", "max", 2, [])
    entered = [ranking.enter(Validated(step, {"f": value})) for step, value in enumerate([0.5, 0.4, float("nan"), 0.6, 0.6])]
    assert entered == [True, True, False, True, True]
    assert [one.step for one in ranking.best] == [3, 4], "of equals, the earlier leads"
    assert ranking.worse_in_a_row == 1


def test_start_weights_win_where_nothing_gets_better(tmp_path: Path) -> None:
    ending = run(tmp_path, optimizer={"learning_rate": 0.0}, validation={"every": 3, "at_start": True}, freeze_batch_norm=True)
    assert ending.best is not None
    assert ending.best.step == 0


def test_losses_that_are_no_numbers_stop_the_run_and_spare_the_checkpoint(tmp_path: Path) -> None:
    class Diverging(DoublingTask):
        def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
            return {name: term * (float("nan") if step == 9 else 1) for name, term in super().losses(phase, modules, batch, step).items()}

    with pytest.raises(BadInput, match=r"no numbers any more after step 10.*learning_rate"):
        run(tmp_path, Diverging())
    weights = load_file(tmp_path / "checkpoints/000009/weights-network.safetensors")
    assert all(value.isfinite().all() for value in weights.values())


def test_a_step_too_large_for_memory_is_one_sentence(tmp_path: Path) -> None:
    class Huge(DoublingTask):
        def losses(self, phase: str, modules: Modules, batch: Batch, step: int) -> dict[str, Tensor]:
            return {"huge": torch.empty(1 << 60)}

    with pytest.raises(OutOfMemory, match="lower batch"):
        run(tmp_path, Huge())
