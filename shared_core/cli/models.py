"""`u2studio models`: what models there are, where they lie, and how to get them."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import BadInput
from ..models.cards import Card, card, cards
from .console import LANGUAGE, progress_bar, say

__all__ = ["models"]


class CardId(click.ParamType):
    """A card's id, checked when the line is read."""

    name = "ID"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Card:
        try:
            return card(value)
        except BadInput as error:
            self.fail(error.text(LANGUAGE), param, ctx)


@click.group(help=say("List, inspect, fetch and convert models."))
def models() -> None:
    """The `models` group."""


@models.command("list", help=say("Every model, and whether its file is here."))
def list_models() -> None:
    """Print a line for each card."""
    from ..models.store import where

    width = max(len(one.id) for one in cards())
    for one in cards():
        mark = "●" if where(one) else "○"
        click.echo(f"{mark} {one.id:<{width}}  {say(one.title)}: {say(one.summary)}")
    click.echo(say("● here  ○ get it with: u2studio models pull ID"))


@models.command(help=say("All that is known of one model."))
@click.argument("chosen", type=CardId(), metavar="ID")
def info(chosen: Card) -> None:
    """Print a card."""
    from ..models.store import where

    rows = {
        "id": chosen.id, "network": str(chosen.network), "task": chosen.task, "licence": chosen.licence, "authors": chosen.authors,
        "paper": chosen.paper, "trained on": chosen.trained_on, "limits": chosen.limits, "preprocessing": ", ".join(chosen.profiles),
        "classes": ", ".join(chosen.classes), "quality": ", ".join(f"{name} {value}" for name, value in chosen.quality.items()),
        "authors' file": "run by us" if chosen.authors_file_run else "not run on the authors' file",
        "file names": ", ".join(chosen.files), "sources": ", ".join(str(source) for source in chosen.sources),
        "here": ", ".join(str(found.path) for found in where(chosen)) or "-",
    }  # fmt: skip
    click.echo(f"{say(chosen.title)}: {say(chosen.summary)}")
    for name, value in rows.items():
        if value:
            click.echo(f"  {name:<14} {value}")


@models.command(help=say("Fetch a model, or take it from a file or an address."))
@click.argument("chosen", type=CardId(), metavar="ID")
@click.option("--from", "place", default=None, metavar="FILE|URL", help=say("Take it from here instead of its usual places."))
def pull(chosen: Card, place: str | None) -> None:
    """Bring a card's weights here."""
    from ..models.pull import pull as bring

    with progress_bar(say("Downloading")) as progress:
        pulled = bring(chosen, place, progress)
    click.echo(str(pulled.path))


@models.command(help=say("Check the file of a model: hash, network, numbers."))
@click.argument("chosen", type=CardId(), metavar="ID")
def verify(chosen: Card) -> None:
    """Print the hash and the origin of a card's file."""
    from ..models.verify import verify as check

    found = check(chosen)
    click.echo(f"{found.path}\n  sha256 {found.sha256}\n  {found.origin}")


@models.command(help=say("Where a model's files lie."))
@click.argument("chosen", type=CardId(), metavar="ID")
def where(chosen: Card) -> int:
    """Print every file of a card; status 1 where there is none."""
    from ..models.store import where as places

    found = places(chosen)
    for one in found:
        click.echo(f"{one.path}\t{one.kind}")
    return 0 if found else 1


@models.command(help=say("Delete the files of a model that u2studio fetched or converted."))
@click.argument("chosen", type=CardId(), metavar="ID")
def remove(chosen: Card) -> None:
    """Print what was deleted."""
    from ..models.pull import remove as delete

    for path in delete(chosen):
        click.echo(str(path))


@models.command(help=say("Turn a checkpoint (.pth, .pt, .ckpt, .onnx) into safetensors. Nothing in it is executed."))
@click.argument("source", type=click.Path(path_type=Path), metavar="IN")
@click.argument("target", type=click.Path(path_type=Path), metavar="OUT")
@click.option("--card", "chosen", type=CardId(), default=None, metavar="ID", help=say("The model it must be."))
@click.option("--overwrite", is_flag=True, help=say("Replace the file if it is there."))
def convert(source: Path, target: Path, chosen: Card | None, overwrite: bool) -> None:
    """Convert a checkpoint and say what it was."""
    from ..models.convert import convert as turn

    made = turn(source, target, card=chosen, overwrite=overwrite)
    known = f" ({made.card_id})" if made.card_id else ""
    click.echo(f"{made.path}: {made.network}{known}")
    if made.difference is not None:
        click.echo(say("Run beside the original, it differs by at most {difference:.1e}.", difference=made.difference))
