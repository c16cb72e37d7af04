"""`u2studio train`: run a recipe, or go on with one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from .console import progress_bar, say

__all__ = ["train"]


@click.command(help=say("Train a network by a recipe: the name of one that comes with the program, or a TOML file."))
@click.argument("recipe", metavar="RECIPE")
@click.option("-o", "--out", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help=say("Where checkpoints, logs and weights go; usually runs/RECIPE."))  # fmt: skip
@click.option("--resume", is_flag=True, help=say("Go on from the newest checkpoint; from the start where there is none."))
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE",
              help=say("Change a setting of the recipe, such as loss.dice=0.5; as often as you like."))  # fmt: skip
@click.option("--minutes", type=click.FloatRange(0, min_open=True), metavar="N", help=say("Stop cleanly after so many minutes; go on later with --resume."))
def train(recipe: str, folder: Path | None, resume: bool, assignments: tuple[str, ...], minutes: float | None) -> None:
    """Train, and print where the weights are."""
    from ..training import Orders, Validated
    from ..training import train as run

    def on_validation(one: Validated, best: bool) -> None:
        figures = "  ".join(f"{name} {value:.4f}" for name, value in one.figures.items())
        click.echo(f"{one.step:>8}  {figures}{'  ●' if best else ''}", err=True)

    with progress_bar("Training") as progress, _asked_to_stop() as stop:
        orders = Orders(minutes=minutes or 0.0, progress=progress, on_validation=on_validation, stop=lambda: bool(stop))
        ending = run(recipe, folder or Path("runs") / Path(recipe).stem, assignments=assignments, resume=resume, orders=orders)
    if not ending.weights:
        return
    if ending.reason in ("minutes", "stopped"):
        click.echo(say("Stopped after step {step}. Go on with --resume.", step=ending.step), err=True)
    elif ending.reason == "early":
        click.echo(say("Ended after step {step}: validation got no better.", step=ending.step), err=True)
    for file in ending.weights.values():
        click.echo(str(file))


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Collects SIGINT (Ctrl-C) and SIGTERM instead of dying of them; the second one is obeyed at once."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        click.echo(say("Stopping after this step; once more to stop at once."), err=True)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
