"""`u2studio portrait`: draw the faces of photos in lines, one or a hundred thousand."""

from __future__ import annotations

from dataclasses import replace

import click

from ..door import operation
from .console import say
from .face_options import CHOSEN_BY_FACE_OPTIONS, face_options, face_parameters
from .many_photos import photo_parameters, work_through
from .options import options_for, parameters_from
from .portrait_results import OUTPUTS

__all__ = ["portrait"]

_OPERATION = operation("portrait")
_LEFT_OUT = CHOSEN_BY_FACE_OPTIONS | {"steady"}
"""parameters without an option of their name; steady is for frames that are handed over together, and here each file is by itself"""
_WITH_OPTIONS = replace(_OPERATION, parameters=tuple(one for one in _OPERATION.parameters if one.name not in _LEFT_OUT))


@click.command(
    params=[*face_options(), *options_for(_WITH_OPTIONS), *photo_parameters(OUTPUTS)],
    help=say("Draw the faces of photos in lines. IN: files, folders, patterns such as '*.jpg', or - for standard input."),
)
def portrait(**options: object) -> int:
    """Run `portrait` over the inputs; the status is 1 when any of them failed."""
    unasked = {one.name: one.default for one in _OPERATION.parameters if one.name in _LEFT_OUT}
    params = parameters_from(_OPERATION, {**options, **unasked, **face_parameters(options)})
    return work_through("portrait", options, {"portrait": params})
