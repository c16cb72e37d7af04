"""What `u2studio matte` and `u2studio portrait` share: inputs, names of results, and all that has to do with there being many photos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from ..errors import BadInput
from .arrivals import arriving
from .console import LANGUAGE, complain, say
from .folder import Folder, automatic_jobs
from .options import runtime_options
from .photo import Here, Job, Wish
from .photo_in_worker import InWorker
from .report import Report

if TYPE_CHECKING:
    from ..imaging.files import Found, OutputNames

__all__ = ["photo_parameters", "work_through"]

TitleTexts = dict[Job, str]

_TITLES: TitleTexts = {"matte": "Cutting out", "portrait": "Drawing faces"}


def photo_parameters(outputs: Sequence[str]) -> list[click.Parameter]:
    """The parameters of a command for many photos but for those of its operations; the first of `outputs` is what is made unasked."""
    flags = {"recursive": say("Go into folders inside folders."), "overwrite": say("Replace results that are already there."),
             "resume": say("Skip photos whose results are already there.")}  # fmt: skip
    return [
        *runtime_options(),
        click.Argument(["inputs"], nargs=-1, required=True, metavar="IN…"),
        click.Option(["-o", "target"], required=True, metavar="OUT", help=say("Folder for results; or a file name for one; or - for standard output.")),
        click.Option(["--output", "outputs"], multiple=True, type=click.Choice(list(outputs)), default=(outputs[0],), show_default=True,
                     help=say("What to write. May be given several times; names then end in what they are.")),
        click.Option(["--name", "pattern"], default=None, metavar="PATTERN", help=say("Names of results in a folder, made of {stem}, {name} and {output}.")),
        *(click.Option([f"--{name}"], is_flag=True, help=text) for name, text in flags.items()),
        click.Option(["--jobs"], type=click.IntRange(0, 64), default=0, show_default=True, metavar="N",
                     help=say("Photos worked on at once; 0 takes as many as there are processors, up to 4.")),
        click.Option(["--watch"], is_flag=True,
                     help=say("Go on looking for new photos until you press Ctrl-C. Skips photos whose results are already there.")),
        click.Option(["--worker"], is_flag=True,
                     help=say("Let the resident worker do it, whose models are loaded already; it is started where none runs.")),
        click.Option(["--report", "report_path"], type=click.Path(), metavar="FILE.jsonl",
                     help=say("Write a line of JSON for each photo: status, model, seconds, and what was found in it.")),
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What the user gave for `photo_parameters`."""

    inputs: tuple[str, ...]
    target: str
    outputs: tuple[str, ...]
    pattern: str | None
    recursive: bool
    overwrite: bool
    resume: bool
    jobs: int
    watch: bool
    worker: bool
    report_path: str | None
    device: str
    precision: str


def work_through(job: Job, options: Mapping[str, Any], params: Mapping[str, Mapping[str, object]], background: str | None = None) -> int:
    """Do a job with every photo.

    Args:
        job: which.
        options: what click parsed for `photo_parameters`; others are left alone.
        params: by operation, checked.
        background: a file, as in `Wish`.
    Returns: the exit status, 1 when any photo failed. Raises: click.UsageError, for what cannot be done with any.
    """
    order = _Order(**{name: options[name] for name in _Order.__dataclass_fields__})
    outputs, resume = tuple(dict.fromkeys(order.outputs)), order.resume or (order.watch and not order.overwrite)
    wish = Wish(job=job, outputs=outputs, params=params, background=background, overwrite=order.overwrite or resume)
    from ..imaging.files import remove_leftovers, shown

    try:
        names = _names(order.target, outputs, order.pattern)
        found = _found(order, names)
        first = list(islice(found, 0 if order.watch else 2))
        jobs = 1 if order.worker or (not order.watch and len(first) < 2) else order.jobs or automatic_jobs()
        do = _in_worker(wish, order) if order.worker else Here(wish, device=order.device, precision=order.precision, language=LANGUAGE, jobs=jobs)
    except BadInput as error:
        raise click.UsageError(error.text(LANGUAGE)) from error
    with Report(order.report_path) as report:
        folder = Folder(do, names, title=_TITLES[job], overwrite=order.overwrite, resume=resume, report=report, jobs=jobs)
        try:
            folder.work(chain(first, found))
        except KeyboardInterrupt:
            if not order.watch:
                raise
    if names:
        remove_leftovers(names[outputs[0]].folder)
    if not folder.found and not order.watch:
        complain(say("There are no pictures in {places}.", places=", ".join(shown(one) for one in order.inputs)))
    if folder.failed and folder.found > 1:
        complain(say("{failed} of {total} failed.", failed=folder.failed, total=folder.found))
    return 1 if folder.failed or not (folder.found or order.watch) else 0


def _in_worker(wish: Wish, order: _Order) -> InWorker:
    """Raises: click.UsageError, for what only the worker itself can be told."""
    from .gimp_folders import worker_command

    if (order.device, order.precision) != ("auto", "auto"):
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
    suffixes = {output: ".svg" if output == "svg" else ".png" for output in outputs}
    names = {output: OutputNames(target, suffix=suffixes[output], pattern=pattern, fields={"output": output}) for output in outputs}
    if len(outputs) > 1:
        if "{output}" not in pattern:
            raise click.UsageError(say("With several outputs the name pattern needs {output}.", output="{output}"))
        if any(one.is_file for one in names.values()):
            raise click.UsageError(say("{file} is one file; name a folder for several outputs.", file=target))
        return names
    of_lines = target.lower().endswith(".svg")
    if of_lines != ("svg" in outputs) and (of_lines or any(one.is_file for one in names.values())):
        raise click.UsageError(say("{file}: only --output svg writes files that end in .svg, and no others.", file=target))
    return names


def _found(order: _Order, names: Mapping[str, OutputNames]) -> Iterator[Found | None]:
    """The inputs. A folder of results is not searched for more of them. Raises: click.UsageError, when standard output would get several pictures."""
    from ..imaging.files import find_pictures

    folders = [one.folder for one in names.values() if not one.is_file]
    find = partial(find_pictures, order.inputs, recursive=order.recursive, leave_out=folders[0] if folders else None)
    if order.watch:
        if not folders or "-" in order.inputs:
            raise click.UsageError(say("--watch needs folders or patterns to look at, and a folder for results."))
        return arriving(find)
    found = find()
    if names:
        return found
    few = list(islice(found, 2))
    if len(few) > 1:
        raise click.UsageError(say("Standard output takes one picture; name a folder for results."))
    return iter(few)
