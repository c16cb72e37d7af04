"""`u2studio export`: a model written for another runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .console import LANGUAGE, complain, progress_bar, say

if TYPE_CHECKING:
    from ..export import Format
    from ..export.check import Row

__all__ = ["export"]

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(help=say("Write a model for another runtime, run what was written, and compare it with ours."))
@click.argument("model", metavar="MODEL")
@click.option("--to", type=click.Choice(("onnx", "openvino", "torchscript", "tensorrt")), required=True, help=say("What to write."))
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help=say("File to write (.onnx, .xml, .pt or .engine); usually named after the weights, in the current folder."))  # fmt: skip
@click.option("--with-processing", is_flag=True,
              help=say("All the way from a picture, bytes [batch, height, width, 3] of any size, to its alpha; else the network alone."))  # fmt: skip
@click.option("--half", is_flag=True, help=say("Weights and arithmetic in 16 bits."))
@click.option("--int8", is_flag=True, help=say("Most of the arithmetic in 8 bits; layers that would spoil the mask keep their precision. Needs --calibration."))
@click.option("--calibration", type=_FOLDER, metavar="FOLDER", help=say("At least 100 pictures like those it will be used on, for --int8."))
@click.option("--overwrite", is_flag=True, help=say("Replace the file if it is there."))
def export(model: str, to: Format, out: Path | None, with_processing: bool, half: bool, int8: bool, calibration: Path | None, overwrite: bool) -> None:
    """Write, and print the files and a table of size, speed and error."""
    from ..export import Order
    from ..export import export as write

    if half and int8:
        raise click.UsageError(say("--half and --int8 exclude each other."))
    precision = "int8" if int8 else "fp16" if half else "fp32"
    with progress_bar("Exporting") as progress:
        order = Order(model=model, to=to, out=out, precision=precision, calibration=calibration, with_processing=with_processing, overwrite=overwrite)
        made = write(order, progress)
    for file in made.files:
        click.echo(str(file))
    click.echo(f"\n{made.takes} → {made.makes}\n\n{_table(made.rows)}")
    for notice in made.notices:
        complain(notice.text(LANGUAGE))


def _table(rows: tuple[Row, ...]) -> str:
    """Markdown; `Row` says what the figures are."""
    titles = ("", "MiB", "ms", "largest error", "at another size", "masks, mean", "worst", "crossing ½")
    cells = [titles, ("---",) * len(titles)]
    for one in rows:
        stray = one.strays
        errors = (
            (f"{one.largest:.1e}", f"{one.elsewhere:.1e}", f"{stray.mean:.5f}", f"{stray.worst:.5f}", f"{100 * stray.flips:.3f} %")
            if one is not rows[0]
            else ("",) * 5
        )
        cells.append((one.name, f"{one.size / 2**20:.1f}", f"{1000 * one.seconds:.0f}", *errors))
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)
