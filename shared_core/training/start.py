"""From a recipe's name to a finished run: what the command calls."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..spec.check import closest
from .loop import Ending, Orders, Trainer
from .machine import Machine
from .recipe import MAY_CHANGE, Recipe, read_recipe, recipe_table, toml_of, written
from .run_folder import Checkpoint, RunFolder, write_whole
from .settings import differences
from .task import Task

__all__ = ["TASKS", "train"]

TASKS = {"matting": ("matting", "MattingTask", "MattingSettings"), "portrait": ("portrait", "PortraitTask", "PortraitSettings")}
"""task → module of this folder, its `Task`, its settings; imported when asked for"""


def train(name: str, folder: Path, *, assignments: Sequence[str] = (), resume: bool = False, orders: Orders | None = None) -> Ending:
    """Run a recipe, or go on with it.

    Args:
        name: a shipped recipe's name, or a TOML file.
        folder: where everything of the run goes.
        assignments: `key=value`, over the recipe.
        resume: go on from the newest checkpoint in `folder`; from the start where there is none.
        orders: when to stop, whom to tell.
    Raises: BadInput, also when `folder` holds a run and `resume` is not set, or when it holds one of other settings.
    """
    orders = orders or Orders()
    table = recipe_table(name, assignments)
    recipe, make = _read(Path(name).stem, table)
    run = RunFolder(folder)
    resumed = _checkpoint(run, recipe, resume)
    machine = Machine(recipe.core)
    if not machine.first:
        orders = Orders(minutes=orders.minutes, stop=orders.stop)
        machine.wait()  # the first draws masks where they are needed
    task = make(recipe.settings)
    task.prepare(folder, orders.progress)
    if machine.first:
        machine.wait()
        write_whole(folder / "recipe.toml", lambda part: part.write_text(written(recipe.table), encoding="utf-8"))
    return Trainer(recipe, task, machine, run, orders, resumed=resumed).run()


def _read(name: str, table: dict[str, Any]) -> tuple[Recipe[Any], Callable[[Any], Task]]:
    kind = table.get("task", "")
    if kind not in TASKS:
        raise BadInput("{name} is {value}; it must be one of: {choices}.{hint}",
                       name="task", value=repr(kind), choices=", ".join(TASKS), hint=closest(str(kind), TASKS))  # fmt: skip
    module, task, settings = TASKS[kind]
    found = importlib.import_module(f".{module}", __package__)
    return read_recipe(name, table, getattr(found, settings)), getattr(found, task)


def _checkpoint(run: RunFolder, recipe: Recipe[Any], resume: bool) -> Checkpoint | None:
    """What to go on from. Raises: BadInput, when that would not be the same run."""
    latest = run.latest()
    if latest is None:
        return None
    if not resume:
        raise BadInput(
            "{folder} holds a run of {step} steps. Go on with --resume, or give another folder with -o.", folder=str(run.path), step=int(latest.name)
        )
    began = read_recipe(recipe.name, toml_of(run.path / "recipe.toml"), type(recipe.settings))  # fills in what recipes did not have then
    before = differences(began.table, recipe.table)
    other = [f"{key}: {was!r} → {now!r}" for key, (was, now) in before.items() if not key.startswith(MAY_CHANGE)]
    if other:
        raise BadInput("The run in {folder} began with other settings ({changes}). Set them back, or start another run from its weights.",
                       folder=str(run.path), changes=", ".join(other))  # fmt: skip
    return run.load(latest)
