"""What is to be exported: checked before any work is done for it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ..errors import BadInput
from ..imaging.files.whole import check_target
from .tensorrt_engine import require_tensorrt

__all__ = ["FORMATS", "Format", "Order", "Precision", "check_order", "targets"]

Format = Literal["onnx", "openvino", "torchscript", "tensorrt"]
Precision = Literal["fp32", "fp16", "int8"]
FORMATS: dict[Format, str] = {"onnx": ".onnx", "openvino": ".xml", "torchscript": ".pt", "tensorrt": ".engine"}
"""format → suffix"""
_NEEDS: dict[Format, tuple[str, ...]] = {"onnx": ("onnx", "onnxruntime"), "openvino": ("onnx", "openvino"), "torchscript": (), "tensorrt": ("onnx",)}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is wanted."""

    model: str
    """a card's id, a card's file (.toml), or a file of weights"""
    to: Format
    out: Path | None = None
    """file to write; default: named after the weights, in the current folder"""
    precision: Precision = "fp32"
    calibration: Path | None = None
    """folder of at least 100 pictures, for "int8" """
    with_processing: bool = False
    """all the way from a picture to its alpha (`graph.PictureGraph`), not the network alone"""
    overwrite: bool = False


def check_order(order: Order) -> None:
    """Refuse what cannot be made, or not here. Raises: BadInput."""
    if order.to not in FORMATS:
        raise BadInput("There is no format '{name}'; there are: {known}.", name=order.to, known=", ".join(FORMATS))
    if order.precision == "int8" and order.to == "torchscript":
        raise BadInput("INT8 is written for ONNX, OpenVINO and TensorRT; TorchScript has no place for it.")
    if (order.precision == "int8") != (order.calibration is not None):
        raise BadInput("INT8 and a folder of pictures to calibrate it on go together; give both or neither.")
    needed = {*_NEEDS[order.to], *(("onnxruntime",) if order.precision == "int8" else ())}
    if missing := sorted(name for name in needed if find_spec(name) is None):
        raise BadInput('To export, {packages} must be installed: pip install "u2studio[export]"', packages=", ".join(missing))
    if order.to == "tensorrt":
        require_tensorrt()


def targets(order: Order, weights: Path) -> tuple[Path, ...]:
    """The files to write, the one to be named first; OpenVINO has two. Raises: BadInput, where one cannot go there."""
    suffix = FORMATS[order.to]
    first = order.out or Path(weights.stem + ("" if order.precision == "fp32" else f"-{order.precision}") + suffix)
    if first.suffix != suffix:
        raise BadInput("{file} must end in {suffix}.", file=first.name, suffix=suffix)
    files = (first, first.with_suffix(".bin")) if order.to == "openvino" else (first,)
    for file in files:
        check_target(file, overwrite=order.overwrite)
    return files
