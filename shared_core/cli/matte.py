"""`u2studio matte`: cut subjects out of photos, one or a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from ..door import operation
from ..errors import BadInput
from ..models.cards import card
from .arrivals import arriving
from .console import LANGUAGE, complain, say
from .folder import Folder, automatic_jobs
from .matting_chain import chain_options, chain_parameters
from .matting_results import OUTPUTS
from .options import options_for, runtime_options
from .photo import Here, Wish
from .photo_in_worker import InWorker
from .report import Report

if TYPE_CHECKING:
    from ..imaging.files import Found, OutputNames

__all__ = ["matte"]

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
@click.option("--jobs", type=click.IntRange(0, 64), default=0, show_default=True, metavar="N",
              help=say("Photos worked on at once; 0 takes as many as there are processors, up to 4."))  # fmt: skip
@click.option("--watch", is_flag=True, help=say("Go on looking for new photos until you press Ctrl-C. Skips photos whose results are already there."))
@click.option("--worker", is_flag=True, help=say("Let the resident worker do it, whose models are loaded already; it is started where none runs."))
@click.option(
    "--report",
    "report_path",
    type=click.Path(),
    metavar="FILE.jsonl",
    help=say("Write a line of JSON for each photo: status, model, seconds, how sure the mask is."),
)
def matte(
    inputs: tuple[str, ...], target: str, outputs: tuple[str, ...], pattern: str | None, recursive: bool, overwrite: bool, resume: bool,
    jobs: int, watch: bool, worker: bool, report_path: str | None, background: str | None, device: str, precision: str, **options: object,
) -> int:  # fmt: skip
    """Run `matte` over the inputs; the status is 1 when any of them failed."""
    outputs, resume = tuple(dict.fromkeys(outputs)), resume or (watch and not overwrite)
    wish = Wish(outputs=outputs, params=chain_parameters(options), background=background, overwrite=overwrite or resume)
    from ..imaging.files import remove_leftovers, shown

    try:
        names = _names(target, outputs, pattern)
        card(str(wish.params["matte"]["model"]))
        found = _found(inputs, recursive, watch, names)
        first = list(islice(found, 0 if watch else 2))
        jobs = 1 if worker or (not watch and len(first) < 2) else jobs or automatic_jobs()
        do = _in_worker(wish, device, precision) if worker else Here(wish, device=device, precision=precision, language=LANGUAGE, jobs=jobs)
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error
    with Report(report_path) as report:
        folder = Folder(do, names, overwrite=overwrite, resume=resume, report=report, jobs=jobs)
        try:
            folder.work(chain(first, found))
        except KeyboardInterrupt:
            if not watch:
                raise
    if names:
        remove_leftovers(names[outputs[0]].folder)
    if not folder.found and not watch:
        complain(say("There are no pictures in {places}.", places=", ".join(shown(one) for one in inputs)))
    if folder.failed and folder.found > 1:
        complain(say("{failed} of {total} failed.", failed=folder.failed, total=folder.found))
    return 1 if folder.failed or not (folder.found or watch) else 0


def _in_worker(wish: Wish, device: str, precision: str) -> InWorker:
    """Raises: click.UsageError, for what only the worker itself can be told."""
    from .gimp_folders import worker_command

    if (device, precision) != ("auto", "auto"):
        raise click.UsageError(say("--device and --precision are the worker's own; give them to: u2studio worker"))
    return InWorker(wish, command=worker_command(), language=LANGUAGE)


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


def _found(inputs: tuple[str, ...], recursive: bool, watch: bool, names: Mapping[str, OutputNames]) -> Iterator[Found | None]:
    """The inputs. A folder of results is not searched for more of them. Raises: click.UsageError, when standard output would get several pictures."""
    from ..imaging.files import find_pictures

    folders = [one.folder for one in names.values() if not one.is_file]
    find = partial(find_pictures, inputs, recursive=recursive, leave_out=folders[0] if folders else None)
    if watch:
        if not folders or "-" in inputs:
            raise click.UsageError(say("--watch needs folders or patterns to look at, and a folder for results."))
        return arriving(find)
    found = find()
    if names:
        return found
    few = list(islice(found, 2))
    if len(few) > 1:
        raise click.UsageError(say("Standard output takes one picture; name a folder for results."))
    return iter(few)
