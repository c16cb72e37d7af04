"""`u2studio eval`: how good masks are, from a folder of them or straight from models."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Container, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..door import operation, run
from ..errors import BadInput
from .console import progress_bar, say
from .options import options_for, parameters_from, runtime_options

if TYPE_CHECKING:
    import numpy as np

    from ..door import Outputs
    from ..evaluation.folders import PictureFiles
    from ..evaluation.report import Report

__all__ = ["evaluate"]

SHOWN = ("mae", "max_f", "mean_f", "weighted_f", "s_measure", "max_e", "relaxed_boundary_f", "mean_iou", "sad", "mse", "grad", "conn")

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(name="eval", help=say("Measure how good results are."))
def evaluate() -> None:
    """The group of `u2studio eval matting`."""


_MATTE_OPTIONS = [one for one in options_for(operation("matte")) if one.name != "model"]


@evaluate.command(params=[*_MATTE_OPTIONS, *runtime_options()], help=say("Measure masks against true ones: folders of masks, or models on a folder of photos."))
@click.option("--pred", "predictions", type=_FOLDER, multiple=True, metavar="DIR", help=say("Folder of masks to measure; several are put side by side."))
@click.option("--gt", "truths", type=_FOLDER, metavar="DIR", help=say("Folder of true masks or alphas, of the same names."))
@click.option("--model", "models", multiple=True, metavar="ID", help=say("A model to run on the photos of --data; several are put side by side."))
@click.option("--data", type=_FOLDER, metavar="DIR",
              help=say("Folder with photos and their masks, laid out as one of the known data sets, as images and masks, or side by side."))  # fmt: skip
@click.option("--names", type=_FILE, metavar="FILE", help=say("Measure only the pictures named here, one a line."))
@click.option("--trimaps", type=_FOLDER, metavar="DIR", help=say("Folder of trimaps; SAD, MSE, Grad and Conn then count only where they are unknown."))
@click.option("--keep", type=_FOLDER, metavar="DIR", help=say("Keep the models' masks here, in a folder for each model."))
@click.option("--stretch/--no-stretch", default=True, show_default=True,
              help=say("Stretch each mask to the full range first, as the usual toolboxes do (not for SAD, MSE, Grad and Conn)."))  # fmt: skip
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, metavar="N", help=say("Pictures measured at a time."))
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help=say("Write all figures of all pictures here."))
@click.option("--csv", "csv_file", type=_FILE, metavar="FILE", help=say("Write a table of all pictures here; of several results, one file for each."))
@click.option("--plot", type=_FILE, metavar="FILE", help=say("Draw precision over recall here."))
@click.option("--worst", type=_FILE, metavar="FILE", help=say("Draw the twenty worst pictures here; of several results, one file for each."))
def matting(
    predictions: tuple[Path, ...], truths: Path | None, models: tuple[str, ...], data: Path | None, names: Path | None, trimaps: Path | None,
    keep: Path | None, stretch: bool, threads: int, json_file: Path | None, csv_file: Path | None, plot: Path | None, worst: Path | None,
    device: str, precision: str, **options: object,
) -> None:  # fmt: skip
    """Score, print the table, write what was asked for."""
    from ..evaluation.comparison import summary_table
    from ..evaluation.data_sets import data_set_of
    from ..evaluation.drawings import plot_curves, worst_sheet
    from ..evaluation.folders import evaluate_files
    from ..models.cache import ModelCache

    if bool(predictions) == bool(models) or bool(predictions) != bool(truths) or bool(models) != bool(data):
        raise click.UsageError(say("Give either --pred with --gt, or --model with --data."))
    only = _listed(names)
    with progress_bar("Scoring") as progress, nullcontext(keep) if keep else tempfile.TemporaryDirectory() as place:
        if truths:
            scored = {folder.name: _of_folder(folder, truths, only, trimaps) for folder in predictions}
        else:
            assert data is not None
            source = ModelCache(device, precision)
            settings = parameters_from(operation("matte"), {**options, "model": models[0]})

            def perform(model: str, image: np.ndarray) -> Outputs:
                return run("matte", {"image": image}, {**settings, "model": model}, models=source, progress=progress, wanted=("alpha",))

            scored = {model: _of_model(model, data, only, trimaps, Path(place) / model, perform) for model in models}
        reports = [evaluate_files(files, name=name, stretch=stretch, threads=threads, progress=progress) for name, files in scored.items()]
        if worst:
            for report in reports:
                _write(_for(worst, report, reports), partial(worst_sheet, report, scored[report.name]))
    known = data_set_of(data or truths or Path())
    click.echo(summary_table(reports, SHOWN, known.published if known else None))
    if json_file:
        shape = reports[0].as_dict() if len(reports) == 1 else {"reports": [one.as_dict() for one in reports]}
        _write(json_file, lambda path: path.write_text(json.dumps(shape, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"))
    if csv_file:
        for report in reports:
            _write(_for(csv_file, report, reports), report.write_csv)
    if plot:
        _write(plot, lambda path: plot_curves(reports, path))


def _of_folder(predictions: Path, truths: Path, only: Container[str] | None, trimaps: Path | None) -> list[PictureFiles]:
    from ..evaluation.folders import pair_files

    return pair_files(predictions, truths, trimaps=trimaps, only=only)


def _of_model(
    model: str, data: Path, only: Container[str] | None, trimaps: Path | None, folder: Path, perform: Callable[[str, np.ndarray], Outputs]
) -> list[PictureFiles]:  # fmt: skip
    """Write the masks a model finds for the photos of a data set into `folder`, in 16 bits. Raises: BadInput and as `door.run`."""
    from ..evaluation.data_sets import data_set_folders
    from ..evaluation.folders import pair_files, photos_with_truths
    from ..imaging.files import read_picture, write_picture

    photos, truths = data_set_folders(data)
    pairs = photos_with_truths(photos, truths, only=only)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (photo, _) in pairs.items():
        made = perform(model, read_picture(photo).pixels[None])
        write_picture(folder / f"{name}.png", made["alpha"][0], depth=16, provenance=made.provenance, overwrite=True)
    return pair_files(folder, truths, trimaps=trimaps, photos=photos, only=set(pairs))


def _listed(names: Path | None) -> set[str] | None:
    """The stems of the files named in a list, one a line."""
    if names is None:
        return None
    try:
        lines = names.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(names), reason=str(error)) from None
    return {Path(line.strip()).stem for line in lines if line.strip()}


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Through a temporary name, so that no half of a file is ever seen."""
    partial_file = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial_file)
        partial_file.replace(path)
    except OSError as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(path), reason=error.strerror or str(error)) from None
    finally:
        partial_file.unlink(missing_ok=True)


def _for(path: Path, report: Report, reports: Sequence[Report]) -> Path:
    """Of several results each has a file of its own: worst.jpg → worst_u2net.jpg."""
    return path if len(reports) == 1 else path.with_name(f"{path.stem}_{report.name}{path.suffix}")
