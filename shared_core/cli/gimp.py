"""`u2studio gimp`: the plug-in put into GIMP 3, taken out, looked after."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from ..errors import BadInput
from ..worker.client import Client, WorkerError
from .console import LANGUAGE, complain, say
from .gimp_folders import Gimp, find_gimps, find_refused, install, problems, uninstall, worker_command
from .worker import version

__all__ = ["gimp"]

_TO = click.option("--to", "target", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=say("This plug-ins folder only."))


@click.group(help=say("Install the GIMP 3 plug-in, or look after it."))
def gimp() -> None:
    """The group of commands."""


@gimp.command("install", help=say("Put the plug-in into every GIMP 3 of this user."))
@_TO
def install_command(target: Path | None) -> int:
    """Install, and say what to do next."""
    found = _found(target)
    for one in found:
        install(one, version())
        click.echo(say("Installed: {folder}", folder=one.ours))
    click.echo(say("Restart GIMP. Then: Filters › u2studio › Matting…"))
    if any(one.flatpak for one in found) or (Path.home() / ".var/app/org.gimp.GIMP").is_dir():
        click.echo(say("In the Flatpak of GIMP the worker must be started by you: u2studio worker"))
        click.echo(say("Or allow it once: {command}", command="flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"))
    return 0


@gimp.command("uninstall", help=say("Take the plug-in out of every GIMP 3 of this user."))
@_TO
def uninstall_command(target: Path | None) -> int:
    """Uninstall."""
    removed = [one for one in _found(target) if uninstall(one)]
    for one in removed:
        click.echo(say("Removed: {folder}", folder=one.ours))
    if not removed:
        click.echo(say("The plug-in is not installed."))
    return 0


@gimp.command("status", help=say("Say where the plug-in is, and what is wrong with it."))
@_TO
def status_command(target: Path | None) -> int:
    """Look, and return 1 when something is wrong."""
    wrong = 0
    for one in _found(target):
        if not one.ours.exists():
            click.echo(say("Not installed: {folder}", folder=one.plug_ins))
            continue
        errors = problems(one, version())
        click.echo(say("Installed: {folder}", folder=one.ours))
        for error in errors:
            click.echo(f"  {error.text(LANGUAGE)}")
        wrong += len(errors)
    click.echo(say("The worker's Python: {command}", command=" ".join(worker_command()[:2])))
    try:
        running = Client().status()
    except WorkerError as error:
        complain(error.text(say))
        return 1
    if running:
        click.echo(say("The worker is running: process {pid}, device {device}.", pid=running.get("pid"), device=running.get("device")))
    else:
        click.echo(say("The worker is not running; it starts when it is needed."))
    return 1 if wrong else 0


def _found(target: Path | None) -> list[Gimp]:
    """The plug-ins folders meant. Raises: BadInput, when there is none."""
    if target is not None:
        target = target.absolute()
        return [Gimp(target / "plug-ins" if re.fullmatch(r"3\.\d+", target.name) else target)]
    for refusal in find_refused(Path.home(), os.environ):
        complain(refusal.text(LANGUAGE))
    found = find_gimps(Path.home(), os.environ)
    if not found:
        raise BadInput("No GIMP 3 was found. Start it once, so that it makes its folder, or name its plug-ins folder: u2studio gimp install --to DIR")
    return found
