"""One export from beginning to end: draw, write, run again, compare, and only then put the file where it was wanted."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import BadInput, ModelCorrupt
from ..imaging.files.whole import whole_file
from ..models.cards import Card, card
from ..models.convert import convert
from ..models.engines.fitting import fit_for, units_of
from ..models.identify import identify
from ..models.load import load
from ..models.prepare import prepare
from ..models.store import sha256
from ..networks.half_precision import cancelling_units
from ..notices import Notice
from ..progress import Progress, silent
from .check import Row, Run, compared, fits, least_seconds, test_batches
from .graph import NetworkGraph, PictureGraph
from .int8 import calibration_batches, write_int8
from .notes import notes_of
from .onnx_file import open_onnx, write_onnx
from .openvino_ir import default_precision, open_openvino, write_openvino
from .order import FORMATS, Order, check_order, targets
from .tensorrt_engine import input_sizes, open_tensorrt, write_tensorrt
from .torchscript import open_torchscript, write_torchscript

__all__ = ["Exported", "export"]

CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and how it does."""

    files: tuple[Path, ...]
    rows: tuple[Row, ...]
    """our own network first"""
    takes: str
    """the input: name, type and shape"""
    makes: str
    """the output"""
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class _Subject:
    """A model, and the two graphs of it."""

    card: Card
    weights: Path
    written: NetworkGraph
    exact: NetworkGraph
    """our own, float32: what files are compared with"""
    cancelling: frozenset[str]


def export(order: Order, progress: Progress = silent) -> Exported:
    """Write a model for another runtime. A file that strays too far from our own network is not kept (INT8 is, with a notice).

    Args:
        order: what is wanted.
        progress: told of each step, and of each picture that is calibrated on.
    Raises: BadInput, for an order that cannot be met, or a place where nothing can be written; ModelMissing; ModelCorrupt, also where the file strays.
    """
    check_order(order)
    with tempfile.TemporaryDirectory(prefix="u2studio-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        chosen, weights = _found(order.model, place)
        wanted = targets(order, weights)
        progress(0, 3, "Exporting")
        subject = _subject(order, chosen, weights)
        notes = notes_of(chosen, sha256(weights), subject.written, order.precision)
        batches = test_batches(chosen, subject.written)
        made = _written(order, subject, batches[-1], notes, place, progress)
        progress(1, 3, "Comparing")
        rows, notices = _judged(order, subject, made, batches)
        progress(2, 3, "Writing")
        for source, target in reversed(list(zip(made, wanted, strict=True))):  # the .bin first: readers look for the .xml
            _put(source, target)
        progress(3, 3, "Writing")
    return Exported(files=wanted, rows=tuple(rows), takes=notes["input"], makes=notes["output"], notices=tuple(notices))


def _found(model: str, place: Path) -> tuple[Card, Path]:
    """The card and the safetensors file of what the user named; other weights files are converted into `place`."""
    file = Path(model).expanduser()
    if file.suffix == ".toml" or not file.is_file():
        chosen = card(model)
        return chosen, prepare(chosen)
    if file.suffix != ".safetensors":
        file = convert(file, place / f"{file.stem}.safetensors").path
    return identify(file), file


def _subject(order: Order, chosen: Card, weights: Path) -> _Subject:
    """The network loaded once, drawn twice: as it is, and as the file's reader will compute it. Raises: BadInput, for a network that makes no maps."""
    if chosen.task == "upscale":
        raise BadInput("The model '{card}' enlarges pictures; only networks that make masks and drawings are exported.", card=chosen.id)
    network = load(chosen, weights, CPU).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    kind = PictureGraph if order.with_processing else NetworkGraph
    exact = kind(chosen, network).eval()
    if chosen.network.separable:  # its units are none of those that can be rewritten
        if order.precision != "fp32":
            raise BadInput("{network} is exported in float32 only.", network=str(chosen.network))
        return _Subject(chosen, weights, exact, exact, frozenset())
    digest = sha256(weights)
    drawn: nn.Module = network
    if order.precision == "fp16":
        drawn = fit_for(torch.float16, network, digest)
    elif order.to == "openvino":  # which computes in bf16 where the processor can
        drawn = fit_for(torch.float32, network, digest)
    return _Subject(chosen, weights, kind(chosen, drawn).eval(), exact, frozenset(cancelling_units(network, units_of(network, digest))))


def _written(order: Order, subject: _Subject, example: Tensor, notes: dict[str, str], place: Path, progress: Progress) -> list[Path]:
    """The files, in `place`, in the order of `targets`."""
    file, drawn = place / f"made{FORMATS[order.to]}", place / "drawn.onnx"
    if order.to == "torchscript":
        write_torchscript(subject.written, example, file, notes)
        return [file]
    write_onnx(subject.written, example, drawn, notes)
    if order.calibration:
        count, batches = calibration_batches(order.calibration, subject.written, subject.card)
        told = (_told(batch, number, count, progress) for number, batch in enumerate(batches, 1))
        write_int8(drawn, place / "int8.onnx", subject.cancelling, told, symmetric=order.to == "tensorrt")
        drawn = place / "int8.onnx"
    if order.to == "onnx":
        return [drawn]
    if order.to == "openvino":
        write_openvino(drawn, file, notes)
        return [file, file.with_suffix(".bin")]
    network, size = subject.card.network, subject.card.profile().preprocess.size
    write_tensorrt(drawn, file, subject.written.takes, input_sizes(subject.written, network.in_channels, size))
    return [file]


def _told(batch: Tensor, number: int, count: int, progress: Progress) -> Tensor:
    progress(number, count, "Calibrating")
    return batch


def _judged(order: Order, subject: _Subject, files: list[Path], batches: list[Tensor]) -> tuple[list[Row], list[Notice]]:
    """The table, and what the user should be told. Raises: ModelCorrupt, where the file strays too far to be kept."""

    def ours(batch: Tensor) -> Tensor:
        with torch.inference_mode():
            return subject.exact(batch)

    runs: dict[str, Run] = {"PyTorch fp32": ours, **_runs(order, files[0])}
    seconds = least_seconds(runs, batches[0])
    sizes = [subject.weights.stat().st_size, *[sum(file.stat().st_size for file in files)] * (len(runs) - 1)]
    rows = [Row(name, size, seconds[name], *compared(ours, run, batches)) for (name, run), size in zip(runs.items(), sizes, strict=True)]
    row = rows[1]  # the file, in the precision it was written for
    if fits(order.precision, subject.card.profile().preprocess.size, row):
        return rows, []
    told: dict[str, object] = {"largest": max(row.largest, row.elsewhere), "mean": row.strays.mean, "worst": row.strays.worst}
    if order.precision != "int8":
        raise ModelCorrupt("Run again, the file strays from our own network: by up to {largest:.4f}, masks by {mean:.4f}, the worst by {worst:.4f}. "
                           "Nothing was written.", **told)  # fmt: skip
    return rows, [Notice("INT8 costs more than 0.01 here: masks stray by {mean:.4f}, the worst by {worst:.4f}. Look at them before you use this file.", **told)]


def _runs(order: Order, file: Path) -> dict[str, Run]:
    """The ways to run a file; the first is exact, others are what users meet."""
    if order.to == "openvino":
        own = default_precision()
        exact = {f"OpenVINO {order.precision}": open_openvino(file)}
        return exact if own == "f32" else {**exact, f"OpenVINO {order.precision}, in {own} by itself": open_openvino(file, None)}
    name, opened = {
        "onnx": ("ONNX Runtime", open_onnx), "torchscript": ("TorchScript", open_torchscript), "tensorrt": ("TensorRT", open_tensorrt),
    }[order.to]  # fmt: skip
    return {f"{name} {order.precision}": opened(file)}


def _put(source: Path, target: Path) -> None:
    try:
        with source.open("rb") as stream:
            whole_file(target, lambda to: shutil.copyfileobj(stream, to))
    except OSError as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=error.strerror or str(error)) from None
