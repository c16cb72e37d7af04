"""`u2studio matte`: cut subjects out of photos, one or a hundred thousand."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..door import operation, run
from ..errors import BadInput, Cancelled, ModelCorrupt, ModelMissing, U2StudioError
from ..models.cards import card
from .console import LANGUAGE, complain, progress_bar, say
from .matting_chain import chain_options, chain_parameters
from .matting_results import OUTPUTS, Result, results_of
from .options import options_for, runtime_options
from .report import Report

if TYPE_CHECKING:
    from torch import Tensor

    from ..imaging.files import Found, OutputNames, Picture
    from ..models.source import ModelSource
    from ..progress import Progress

__all__ = ["matte"]

@dataclass(frozen=True, kw_only=True)
class Order:
    """What the user asked for, checked."""

    outputs: tuple[str, ...]
    params: Mapping[str, Mapping[str, object]]
    background: Tensor | None
    names: Mapping[str, OutputNames]
    """by output; empty: standard output"""
    overwrite: bool
    resume: bool
    report: Report


_OPTIONS = [
    *options_for(operation("matte")),
    *chain_options(),
    click.Option(["--background"], type=click.Path(), metavar="FILE", help=say("Picture for --output composite; without one, the colour is used.")),
    *runtime_options(),
]


@click.command(params=_OPTIONS, help=say("Cut subjects out of photos. IN: files, folders, patterns such as '*.jpg', or - for standard input."))
@click.argument("inputs", nargs=-1, required=True, metavar="IN…")
@click.option("-o", "target", required=True, metavar="OUT", help=say("Folder for results; or a file name for one; or - for standard output."))
@click.option("--output", "outputs", multiple=True, type=click.Choice(list(OUTPUTS)), default=("cutout",), show_default=True,
              help=say("What to write. May be given several times; names then end in what they are."))  # fmt: skip
@click.option("--name", "pattern", default=None, metavar="PATTERN", help=say("Names of results in a folder, made of {stem}, {name} and {output}."))
@click.option("--recursive", is_flag=True, help=say("Go into folders inside folders."))
@click.option("--overwrite", is_flag=True, help=say("Replace results that are already there."))
@click.option("--resume", is_flag=True, help=say("Skip photos whose results are already there."))
@click.option("--report", "report_path", type=click.Path(), metavar="FILE.jsonl", help=say("Write a line of JSON for each photo: status, model, seconds."))
def matte(
    inputs: tuple[str, ...], target: str, outputs: tuple[str, ...], pattern: str | None, recursive: bool, overwrite: bool, resume: bool,
    report_path: str | None, background: str | None, device: str, precision: str, **options: object,
) -> int:  # fmt: skip
    """Run `matte` over the inputs; the status is 1 when any of them failed."""
    params = chain_parameters(options)
    outputs = tuple(dict.fromkeys(outputs))
    from ..imaging.files import remove_leftovers, shown
    from ..models.cache import ModelCache

    try:
        names = _names(target, outputs, pattern)
        models = ModelCache(device=device, precision=precision)
        card(str(params["matte"]["model"]))
        behind = _background(background)
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error
    found = _found(inputs, recursive, names)
    with Report(report_path) as report:
        order = Order(outputs=outputs, params=params, background=behind, names=names, overwrite=overwrite, resume=resume, report=report)
        done, failed = _each(found, order, models)
    if names:
        remove_leftovers(names[outputs[0]].folder)
    if not done:
        complain(say("There are no pictures in {places}.", places=", ".join(shown(one) for one in inputs)))
    return 1 if failed or not done else 0


def _names(target: str, outputs: tuple[str, ...], pattern: str | None) -> dict[str, OutputNames]:
    """How the results of each output are named; empty for standard output. Raises: BadInput, click.UsageError."""
    from ..imaging.files import OutputNames

    if target == "-":
        if len(outputs) > 1:
            raise click.UsageError(say("Standard output takes one picture; name a folder for results."))
        return {}
    pattern = pattern or ("{stem}" if len(outputs) == 1 else "{stem}_{output}")
    names = {output: OutputNames(target, pattern=pattern, fields={"output": output}) for output in outputs}
    if len(outputs) > 1:
        if "{output}" not in pattern:
            raise click.UsageError(say("With several outputs the name pattern needs {output}.", output="{output}"))
        if names[outputs[0]].is_file:
            raise click.UsageError(say("{file} is one file; name a folder for several outputs.", file=target))
    return names


def _found(inputs: tuple[str, ...], recursive: bool, names: Mapping[str, OutputNames]) -> Iterator[Found]:
    """The inputs. A folder of results is not searched for more of them. Raises: click.UsageError, when standard output would get several pictures."""
    from ..imaging.files import find_pictures

    folders = [one.folder for one in names.values() if not one.is_file]
    found = find_pictures(inputs, recursive=recursive, leave_out=folders[0] if folders else None)
    if names:
        return found
    few = list(islice(found, 2))
    if len(few) > 1:
        raise click.UsageError(say("Standard output takes one picture; name a folder for results."))
    return iter(few)


def _background(file: str | None) -> Tensor | None:
    if file is None:
        return None
    import torch

    from ..imaging.files import read_picture

    return torch.from_numpy(read_picture(file).pixels)[None]


def _each(found: Iterator[Found], order: Order, models: ModelSource) -> tuple[int, int]:
    """Work through the inputs; returns how many there were and how many failed. One bad file never stops the others."""
    done = failed = 0
    with progress_bar(say("Cutting out")) as bar:
        for one in found:
            started = time.perf_counter()
            done += 1
            try:
                if one.error:
                    raise one.error
                paths = {output: names.path_for(one) for output, names in order.names.items()}
                if order.resume and paths and all(path.is_file() for path in paths.values()):
                    order.report.skipped(one.name)
                    continue
                results = _cut(one, paths, order, models, bar)
                order.report.done(one.name, results, {output: str(path) for output, path in paths.items()}, time.perf_counter() - started)
            except (Cancelled, ModelCorrupt, ModelMissing):  # these would meet every photo alike
                raise
            except U2StudioError as error:
                failed += 1
                text = error.text(LANGUAGE)
                complain(text if one.name in text else f"{one.name}: {text}")
                order.report.failed(one.name, error)
    if failed and done > 1:
        complain(say("{failed} of {total} failed.", failed=failed, total=done))
    return done, failed


def _cut(one: Found, paths: Mapping[str, Path], order: Order, models: ModelSource, progress: Progress) -> list[Result]:
    from ..imaging.files import check_target, read_picture, write_picture

    for path in paths.values():  # before any work is done for it
        check_target(path, overwrite=order.overwrite or order.resume)
    picture: Picture = read_picture(one.path) if one.path else read_picture(sys.stdin.buffer, name="-")
    results = results_of(picture, order.outputs, order.params, order.background, perform=partial(run, models=models, progress=progress))
    for notice in results.notices:
        complain(f"{one.name}: {notice.text(LANGUAGE)}")
    for result in results.pictures:
        with nullcontext(paths.get(result.output, sys.stdout.buffer)) as target:
            write_picture(target, result.pixels, metadata=result.metadata, depth=picture.depth, provenance=result.provenance,
                          overwrite=order.overwrite or order.resume)  # fmt: skip
    return results.pictures
