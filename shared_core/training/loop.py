"""The training loop, the same for every task: steps, validations, checkpoints, and how it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import BadInput
from ..imaging.files import write_picture
from ..progress import Progress, silent
from .learner import Learner
from .log import Log, Sums
from .machine import Machine
from .order import batches
from .ranking import Ranking, Validated
from .rate import share_at
from .recipe import Recipe
from .result import write_card, write_weights
from .run_folder import Checkpoint, RunFolder
from .task import Task

__all__ = ["Ending", "Orders", "Trainer"]

Reason = Literal["done", "early", "minutes", "stopped"]
"""early: no better validation within the recipe's patience"""


def _unheard(one: Validated, best: bool) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Orders:
    """What is asked of one call of the trainer, beside the recipe."""

    minutes: float = 0.0
    """stop cleanly after so many; 0: at the recipe's end"""
    progress: Progress = silent
    on_validation: Callable[[Validated, bool], None] = _unheard
    """told of each validation, and whether it is the best yet"""
    stop: Callable[[], bool] = bool
    """asked after each step"""


@dataclass(frozen=True)
class Ending:
    """How a call of the trainer ended."""

    step: int
    reason: Reason
    best: Validated | None
    weights: dict[str, Path]
    """module → file; empty in all processes but the first"""


class Trainer:
    """One run of a recipe, from its start or from a checkpoint.

    All chance is a function of the seed and the step (see `order`), so a run that was stopped and resumed makes the weights an uninterrupted one
    makes; on the CPU, with as many threads, bit for bit.
    """

    def __init__(self, recipe: Recipe[Any], task: Task, machine: Machine, folder: RunFolder, orders: Orders, *, resumed: Checkpoint | None = None) -> None:
        self.started = time.monotonic()
        self.recipe, self.core, self.task, self.machine, self.folder, self.orders = recipe, recipe.core, task, machine, folder, orders
        metric = self.core.validation.metric or task.metric
        if metric not in task.directions:
            raise BadInput("{name} is {value}; it must be one of: {choices}.{hint}",
                           name="validation.metric", value=repr(metric), choices=", ".join(task.directions), hint="")  # fmt: skip
        self.ranking = Ranking(metric, task.directions[metric], self.core.validation.keep, [])
        self.learner, self.sums = Learner(self.core, task, machine), Sums()
        self.step, self.seconds = 0, 0.0
        if resumed:
            self._restore(resumed)
        self.log = Log(folder.path, self.step) if machine.first else None

    def run(self) -> Ending:
        """Train to the recipe's end, or until time or the user says stop; then write weights and card of the best so far."""
        reason = self._train()
        # a run that is stopped half-way validates nothing it would not have validated anyway: resumed, it must choose the same best weights
        if reason in ("done", "early") and (self.ranking.last is None or self.ranking.last.step != self.step):
            self._validate()
        self._checkpoint()
        weights = self._write_outcome(reason) if self.machine.first else {}
        if self.log:
            self.log.close()
        self.machine.wait()
        return Ending(self.step, reason, self.ranking.best[0] if self.ranking.best else None, weights)

    def _train(self) -> Reason:
        core, machine = self.core, self.machine
        steps = range(self.step, core.steps)
        loader = batches(self.task.training, seed=core.seed, batch=core.batch, steps=steps, share=(machine.rank, machine.world),
                         workers=machine.workers(core.workers), pin=machine.device.type == "cuda")  # fmt: skip
        if self._out_of_patience():
            return "early"
        if core.validation.at_start and self.step == 0:
            self._validate()
        for step, batch in zip(steps, loader, strict=True):
            self.sums.add(self.learner.learn(step, machine.moved(batch)))
            self.step = step + 1
            self.orders.progress(self.step, core.steps, "Training")
            self._after_step()
            if self._out_of_patience():
                return "early"
            if self.step < core.steps and (reason := self._asked_to_stop()):
                return reason
        return "done"

    def _after_step(self) -> None:
        core, step = self.core, self.step
        if step % core.log_every == 0:
            self._write_row()
        if core.samples.every and step % core.samples.every == 0:
            self._show_samples()
        validates = core.validation.every and step % core.validation.every == 0
        if validates:
            self._validate()
        if validates or step % core.checkpoint_every == 0:
            self._checkpoint()

    def _out_of_patience(self) -> bool:
        return 0 < self.core.validation.patience <= self.ranking.worse_in_a_row

    def _asked_to_stop(self) -> Reason | None:
        late = bool(self.orders.minutes) and time.monotonic() - self.started > 60 * self.orders.minutes
        if not self.machine.any(late or self.orders.stop()):
            return None
        return "minutes" if late else "stopped"

    def _validate(self) -> None:
        one = Validated(self.step, self._figures())
        if self.ranking.enter(one) and self.machine.first:
            self.folder.save_best(self.step, self.learner.outcome())
        if self.log:
            self.log.validation(self.step, one.figures)
            self.orders.on_validation(one, self.ranking.best[0] is one if self.ranking.best else False)

    def _figures(self) -> dict[str, float]:
        """What the outcome would be worth now, measured by all processes in the precision of training."""
        rows, size = [], self.task.validation_size
        with self.learner.outcome_shown(), self.machine.autocast():
            for index in range(self.machine.rank, size, self.machine.world):
                self.orders.progress(index, size, "Validating")
                rows.append(self.task.measure(self.learner.modules, index, self.machine.device))
        return self.task.summary(self.machine.gathered(rows))

    def _show_samples(self) -> None:
        if not self.log:
            return
        with self.learner.outcome_shown(), self.machine.autocast():
            picture = self.task.sheet(self.learner.modules, self.core.samples.count, self.machine.device)
        self.log.sheet(self.step, picture)
        self.folder.samples.mkdir(parents=True, exist_ok=True)
        write_picture(self.folder.samples / f"{self.step:06d}.jpg", picture.numpy(), overwrite=True)

    def _write_row(self) -> None:
        if not self.sums.count:
            return
        means = self.sums.means(self.machine)
        if not all(map(math.isfinite, means.values())):  # before a checkpoint is written
            raise BadInput("The losses are no numbers any more after step {step}. Lower optimizer.learning_rate or set optimizer.clip; "
                           "the last checkpoint is still good.", step=self.step)  # fmt: skip
        if self.log:
            rate = self.core.optimizer.learning_rate * share_at(self.core.rate, self.step - 1, self.core.steps)
            self.log.step(self.step, {"seconds": self._seconds(), "learning_rate": rate, **means})

    def _seconds(self) -> float:
        return self.seconds + time.monotonic() - self.started

    def _checkpoint(self) -> None:
        self._write_row()
        if self.machine.first:
            ranking = {"best": [asdict(one) for one in self.ranking.best], "last": asdict(self.ranking.last) if self.ranking.last else None,
                       "worse_in_a_row": self.ranking.worse_in_a_row}  # fmt: skip
            optimizers = {name: optimizer.state_dict() for name, optimizer in self.learner.optimizers.items()}
            notes = {"step": self.step, "seconds": self._seconds(), "data_hash": self.task.data_hash, "ranking": ranking}
            self.folder.save(Checkpoint(self.learner.weights(), self.learner.averages(), optimizers, notes))
        self.machine.wait()

    def _restore(self, checkpoint: Checkpoint) -> None:
        notes = checkpoint.notes
        if notes["data_hash"] != self.task.data_hash:
            raise BadInput("The pictures are not those this run began with. Resume it with the same, or start another run from its weights: "
                           "--set network.start=FILE.")  # fmt: skip
        self.learner.restore(checkpoint.weights, checkpoint.average, checkpoint.optimizers)
        self.step, self.seconds, ranking = notes["step"], notes["seconds"], notes["ranking"]
        self.ranking.best = [Validated(**one) for one in ranking["best"]][: self.core.validation.keep]
        self.ranking.last = Validated(**ranking["last"]) if ranking["last"] else None
        self.ranking.worse_in_a_row = ranking["worse_in_a_row"]

    def _write_outcome(self, reason: Reason) -> dict[str, Path]:
        """Weights and card: the best by validation; before the first validation, what there is."""
        best = self.ranking.best[0] if self.ranking.best else None
        states = {name: self.folder.load_best(best.step, name) for name in self.task.results} if best else self.learner.outcome()
        single = len(states) == 1
        files = {name: self.folder.path / f"{self.recipe.name if single else f'{self.recipe.name}-{name}'}.safetensors" for name in states}
        for name, file in files.items():
            write_weights(file, states[name], {"card": self.recipe.name, "recipe": self.recipe.name, "module": name})
        training = {
            "steps": best.step if best else self.step, "steps_run": self.step, "ended": reason, "seed": self.core.seed, "data_hash": self.task.data_hash,
            "hours": round(self._seconds() / 3600, 4), "processes": self.machine.world, "device": self.machine.device.type,
        }  # fmt: skip
        write_card(self.folder.path / "card.toml", self.task.card(best.figures if best else {}), files, training, self.recipe.table)
        return files
