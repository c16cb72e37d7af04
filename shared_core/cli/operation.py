"""A command for every operation that has none of its own, made from its specification: `u2studio refine-alpha --image A --alpha B -o C`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..door import run
from ..errors import BadInput
from ..spec import Operation
from .console import LANGUAGE, complain, progress_bar, say
from .options import options_for, parameters_from, runtime_options

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["command_for"]


def command_for(operation: Operation) -> click.Command:
    """The command of an operation: its inputs are options that take files, its outputs a choice."""
    names = [output.name for output in operation.outputs]
    params: list[click.Parameter] = [
        click.Option([f"--{one.name}"], required=not one.optional, type=click.Path(), metavar="FILE", help=say(one.help)) for one in operation.inputs
    ]
    params += options_for(operation)
    if len(names) > 1:
        params.append(
            click.Option(["--output", "outputs"], type=click.Choice(names), multiple=True, default=(names[0],), show_default=True,
                         help=say("What to write. May be given several times; OUT then needs {output} in its name.", output="{output}")),
        )  # fmt: skip
    params += runtime_options()
    params.append(click.Option(["-o", "target"], required=True, type=click.Path(), metavar="OUT", help=say("The file to write.")))
    params.append(click.Option(["--overwrite"], is_flag=True, help=say("Replace results that are already there.")))

    def perform(target: str, overwrite: bool, device: str, precision: str, outputs: tuple[str, ...] = (names[0],), **options: object) -> int:
        values = parameters_from(operation, options)
        if len(outputs) > 1 and "{output}" not in target:
            raise click.UsageError(say("With several outputs the name pattern needs {output}.", output="{output}"))
        targets = {one: target.replace("{output}", one) for one in outputs}
        _perform(operation, values, {one.name: options[one.name] for one in operation.inputs}, targets, overwrite, (device, precision))
        return 0

    return click.Command(operation.id.replace("_", "-"), params=params, callback=perform, help=say(operation.summary))


def _perform(
    operation: Operation, values: dict[str, object], files: dict[str, object], targets: dict[str, str], overwrite: bool, runtime: tuple[str, str]
) -> None:
    import torch

    from ..imaging.files import check_target, read_picture, write_picture
    from ..models.cache import ModelCache

    for target in targets.values():
        check_target(Path(target), overwrite=overwrite)
    images: dict[str, Tensor] = {}
    depth = 8
    for one in operation.inputs:
        if files[one.name] is None:
            continue
        picture = read_picture(str(files[one.name]))
        images[one.name] = torch.from_numpy(picture.as_alpha() if one.kind in ("alpha", "trimap") else picture.pixels)[None]
        depth = max(depth, picture.depth)
    try:
        models = ModelCache(device=runtime[0], precision=runtime[1])
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error
    with progress_bar(say(operation.title)) as progress:
        made = run(operation.id, images, values, models=models, progress=progress, wanted=tuple(targets))
    for notice in made.notices:
        complain(notice.text(LANGUAGE))
    for output, target in targets.items():
        write_picture(target, made[output][0].numpy(), depth=16 if depth == 16 else 8, provenance=made.provenance, overwrite=overwrite)
