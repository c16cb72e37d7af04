"""`u2studio matte`: cut subjects out of photos, one or a hundred thousand."""

from __future__ import annotations

import click

from ..door import operation
from .console import say
from .many_photos import photo_parameters, work_through
from .matting_chain import chain_options, chain_parameters
from .matting_results import OUTPUTS
from .options import options_for

__all__ = ["matte"]

_PARAMETERS = [
    *options_for(operation("matte")),
    *chain_options(),
    click.Option(["--background"], type=click.Path(), metavar="FILE", help=say("Picture for --output composite; without one, the colour is used.")),
    *photo_parameters(OUTPUTS),
]


@click.command(params=_PARAMETERS, help=say("Cut subjects out of photos. IN: files, folders, patterns such as '*.jpg', or - for standard input."))
def matte(background: str | None, **options: object) -> int:
    """Run `matte` over the inputs; the status is 1 when any of them failed."""
    return work_through("matte", options, chain_parameters(options), background)
