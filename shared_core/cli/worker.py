"""`u2studio worker`: the resident process that serves GIMP and commands with `--worker`."""

from __future__ import annotations

import importlib
import signal
from typing import TYPE_CHECKING

import click

from ..worker.client import BUSY_STATUS, Client, WorkerError
from .console import complain, say
from .options import runtime_options

if TYPE_CHECKING:
    from ..worker.server import Work

__all__ = ["worker"]


@click.command(params=runtime_options(), help=say("Keep models ready for GIMP and for --worker. It starts by itself when needed; start it here to watch it."))
@click.option(
    "--idle", type=click.FloatRange(0.05, 1e6), default=10.0, show_default=True, metavar="MIN", help=say("Minutes without a job after which it ends.")
)
@click.option("--status", "ask", is_flag=True, help=say("Say what the running worker does, as JSON."))
@click.option("--stop", is_flag=True, help=say("End the running worker."))
def worker(device: str, precision: str, idle: float, ask: bool, stop: bool) -> int:
    """Run the worker, or speak to the one that runs."""
    if ask or stop:
        return _speak(stop)
    # a terminated worker takes its address back, as one that ends by itself does
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    from ..worker.server import serve

    def prepare() -> Work:
        from .photo_work import PhotoWork

        return PhotoWork(device, precision)

    try:
        if serve(prepare, version(), idle_seconds=idle * 60):
            return 0
    except PermissionError as error:
        complain(str(error))
        return 1
    complain(say("A worker of yours is running already."))
    return BUSY_STATUS


def _speak(stop: bool) -> int:
    try:
        answer = Client().status()
        if answer is not None and stop:
            Client().stop()
    except WorkerError as error:
        complain(error.text(say))
        return 1
    if answer is None:
        complain(say("No worker is running."))
        return 1
    if not stop:
        import json

        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0


def version() -> str:
    """Of the program, which may lie in a folder that nobody installed."""
    return importlib.import_module((__package__ or "").partition(".")[0]).__version__
