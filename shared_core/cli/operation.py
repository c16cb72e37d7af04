"""A command for every operation that has none of its own, made from its specification: `u2studio refine-alpha --image A --alpha B -o C`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..door import run
from ..errors import BadInput
from ..spec import Input, Operation, Output
from .console import LANGUAGE, complain, progress_bar, say
from .options import options_for, parameters_from, runtime_options

if TYPE_CHECKING:
    import numpy as np

    from ..door import Outputs

__all__ = ["command_for"]


def command_for(operation: Operation) -> click.Command:
    """The command of an operation: its inputs are options that take files, its outputs a choice."""
    pictures = [output.name for output in operation.outputs if output.kind != "faces"]
    beside = [output.name for output in operation.outputs if output.kind == "faces" and pictures]  # no picture's file name would do for a list
    names = pictures or [output.name for output in operation.outputs]
    params: list[click.Parameter] = [
        click.Option([f"--{one.name}"], required=not one.optional, type=click.Path(), metavar="FILE", help=say(one.help),
                     multiple=one.per_face) for one in operation.inputs
    ]  # fmt: skip
    params += options_for(operation)
    if len(names) > 1:
        params.append(
            click.Option(["--output", "outputs"], type=click.Choice(names), multiple=True, default=(names[0],), show_default=True,
                         help=say("What to write. May be given several times; OUT then needs {output} in its name.", output="{output}")),
        )  # fmt: skip
    params += [click.Option([f"--{one}-out"], type=click.Path(), metavar="FILE", help=say("A JSON file for the faces.")) for one in beside]
    params += runtime_options()
    params.append(click.Option(["-o", "target"], required=True, type=click.Path(), metavar="OUT", help=_target_help(operation)))
    params.append(click.Option(["--overwrite"], is_flag=True, help=say("Replace results that are already there.")))

    def perform(target: str, overwrite: bool, device: str, precision: str, outputs: tuple[str, ...] = (names[0],), **options: object) -> int:
        values = parameters_from(operation, options)
        if len(outputs) > 1 and "{output}" not in target:
            raise click.UsageError(say("With several outputs the name pattern needs {output}.", output="{output}"))
        targets = {one: target.replace("{output}", one) for one in outputs}
        targets |= {one: str(file) for one in beside if (file := options[f"{one}_out"])}
        _perform(operation, values, {one.name: options[one.name] for one in operation.inputs}, targets, overwrite, (device, precision))
        return 0

    return click.Command(operation.id.replace("_", "-"), params=params, callback=perform, help=say(operation.summary))


def _target_help(operation: Operation) -> str:
    if all(one.kind == "faces" for one in operation.outputs):
        return say("A JSON file for the faces.")
    if any(one.any_size for one in operation.outputs) and any(one.kind == "faces" for one in (*operation.inputs, *operation.outputs)):
        return say("The file to write. For several faces it needs {face} in its name, their number.", face="{face}")
    return say("The file to write.")


def _perform(
    operation: Operation, values: dict[str, object], files: dict[str, object], targets: dict[str, str], overwrite: bool, runtime: tuple[str, str]
) -> None:
    from ..imaging.files import check_target
    from ..models.cache import ModelCache

    for target in targets.values():
        check_target(Path(target), overwrite=overwrite)
    images: dict[str, np.ndarray] = {}
    depth = 8
    for one in operation.inputs:
        if given := files[one.name]:
            images[one.name], bits = _read(one, [str(file) for file in (given if isinstance(given, tuple) else (given,))])
            depth = max(depth, bits)
    try:
        models = ModelCache(device=runtime[0], precision=runtime[1])
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error
    with progress_bar(say(operation.title)) as progress:
        made = run(operation.id, images, values, models=models, progress=progress, wanted=tuple(targets))
    for notice in made.notices:
        complain(notice.text(LANGUAGE))
    for output in operation.outputs:
        if output.name in targets:
            _write(output, made, targets[output.name], depth, overwrite)


def _read(one: Input, files: list[str]) -> tuple[np.ndarray, int]:
    """What an input's files hold, pictures in one batch, and bits per channel. Raises: BadInput."""
    import numpy as np

    from ..imaging.files import read_picture
    from .faces_file import read_faces

    if one.kind == "faces":
        return read_faces(files[0]), 8
    pictures = [read_picture(file) for file in files]
    pixels = [picture.as_alpha() if one.kind in ("alpha", "trimap") else picture.pixels for picture in pictures]
    for file, found in zip(files, pixels, strict=True):
        if (found.shape, found.dtype) != (pixels[0].shape, pixels[0].dtype):
            raise BadInput("{file} differs from {first} in size, transparency or bits; pictures for {name} must be alike.",
                           file=file, first=files[0], name=one.name)  # fmt: skip
    return np.stack(pixels), max(picture.depth for picture in pictures)


def _write(output: Output, made: Outputs, target: str, depth: int, overwrite: bool) -> None:
    """Write one output: a list of faces, a picture, or the pictures of several faces."""
    from ..imaging.files import write_picture
    from .faces_file import write_faces

    pictures = made[output.name]
    if output.kind == "faces":
        write_faces(target, pictures, overwrite=overwrite)
        return
    if len(pictures) > 1 and "{face}" not in target:
        raise BadInput("{name} is one file, and there are {count} faces: put {face} into its name, or choose one face.",
                       name=target, count=len(pictures), face="{face}")  # fmt: skip
    for number, pixels in enumerate(pictures, start=1):
        name = target.replace("{face}", str(number))
        write_picture(name, pixels, depth=16 if depth == 16 else 8, provenance=made.provenance, overwrite=overwrite)
