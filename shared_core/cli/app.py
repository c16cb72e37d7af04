"""The command group. A command's module is imported when that command is called, so that `--help` stays quick."""

from __future__ import annotations

import errno
import importlib
import io
import sys

import click

from ..errors import Cancelled, U2StudioError
from ..spec import OPERATIONS
from . import console
from .console import say

__all__ = ["app", "run"]

CommandTexts = dict[str, tuple[str, str, str]]

_WRITTEN: CommandTexts = {
    "matte": ("matte", "matte", "Cut subjects out of photos."),
    "portrait": ("portrait", "portrait", "Draw the faces of photos in lines."),
    "models": ("models", "models", "List, inspect, fetch and convert models."),
    "train": ("train", "train", "Train a network on pictures of your own."),
    "export": ("export", "export", "Write a model for another runtime."),
    "eval": ("eval", "evaluate", "Measure how good results are."),
    "operations": ("operations", "operations", "Show what there is, with every parameter."),
    "gimp": ("gimp", "gimp", "Install the GIMP 3 plug-in, or look after it."),
    "worker": ("worker", "worker", "Keep models ready for GIMP and for --worker."),
}
"""command → module, attribute, short help. Every other operation's command is made from its specification."""
_MADE = {operation.id.replace("_", "-"): operation for operation in OPERATIONS if operation.id not in _WRITTEN}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_WRITTEN, *_MADE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _WRITTEN:
            module, attribute, _ = _WRITTEN[cmd_name]
            return getattr(importlib.import_module(f".{module}", __package__), attribute)
        if cmd_name in _MADE:
            from .operation import command_for

            return command_for(_MADE[cmd_name])
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx):
            from ..spec.check import closest

            ctx.fail(say("There is no command '{name}'.{hint}", name=args[0], hint=closest(args[0], self.list_commands(ctx))))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, say(text)) for name, (_, _, text) in _WRITTEN.items()]
        rows += [(name, say(operation.summary)) for name, operation in _MADE.items()]
        with formatter.section(say("Commands")):
            formatter.write_dl(rows)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, help=say("Cut out, sketch, paint and retouch faces."))
@click.version_option(package_name="u2studio", message="u2studio %(version)s")
def app() -> None:
    """The `u2studio` command."""


def run() -> int:
    """Run `app` on sys.argv and turn every ending into an exit status and, where it went wrong, one sentence."""
    for stream in (sys.stdout, sys.stderr):  # a terminal of few characters shows ? for the others
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = app.main(standalone_mode=False, prog_name="u2studio")
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, Cancelled):
        console.complain(say("Stopped."))
        return 130
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        sys.stderr.close()
        return 141
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        console.complain(say("{name} could not be written: {reason}.", name="-", reason=error.strerror))  # what names its file is a U2StudioError
        return 1
    except U2StudioError as error:
        console.complain(error.text(console.LANGUAGE))
        return 1
    return status if isinstance(status, int) else 0
