"""INT8: an ONNX file whose convolutions multiply bytes, while the layers that bytes would spoil stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import BadInput
from ..imaging.files import find_pictures, read_picture, shown
from ..models.cards import Card
from ..pipelines.network_alpha import network_input
from .graph import NetworkGraph, PictureGraph

if TYPE_CHECKING:
    from onnxruntime.quantization import CalibrationDataReader

__all__ = ["LEAST", "calibration_batches", "write_int8"]

LEAST, MOST = 100, 300
"""pictures to calibrate on; of more, these many, evenly over the folder"""
HEADS = ("/net/side", "/net/outconv")
"""the convolutions that draw the masks: few operations, and nothing after them mends an error"""


def calibration_batches(folder: Path, graph: NetworkGraph, card: Card) -> tuple[int, Iterator[Tensor]]:
    """What the graph takes, for the pictures of a folder and the folders in it, one at a time.

    Returns: how many there are, and the batches.
    Raises: BadInput, for fewer than 100 pictures; while they come, for one that cannot be read.
    """
    files = [one.path for one in find_pictures([str(folder)], recursive=True) if one.path and not one.error]
    if len(files) < LEAST:
        raise BadInput("{folder} holds {count} pictures; at least {least} are needed to calibrate INT8.", folder=shown(folder), count=len(files), least=LEAST)
    chosen = files if len(files) <= MOST else [files[index * len(files) // MOST] for index in range(MOST)]

    def batches() -> Iterator[Tensor]:
        for file in chosen:
            pixels = torch.from_numpy(read_picture(file).pixels)[None, ..., :3]
            levels = pixels if pixels.dtype == torch.uint8 else pixels.mul(255).round_().byte()
            yield levels if isinstance(graph, PictureGraph) else network_input(levels, card.profile().preprocess)[0]

    return len(chosen), batches()


def write_int8(source: Path, target: Path, exact: Collection[str], batches: Iterable[Tensor], *, symmetric: bool = False) -> None:
    """Quantize an ONNX file of ours: weights by output channel, activations by the ranges that the batches show.

    Args:
        source: as `write_onnx` writes it, float32.
        target: to write.
        exact: units of the network (such as "stage2d.rebnconv1d") to leave in float32; the mask heads, and what comes before and after the network, always are.
        batches: inputs of the graph.
        symmetric: signed activations around zero, as TensorRT wants them. Costs precision: no activation here is below zero.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with_shapes = target.with_name(f"{target.stem}-shapes.onnx")
    quant_pre_process(source, with_shapes, skip_optimization=True, skip_symbolic_shape=True)
    graph = onnx.load(with_shapes, load_external_data=False).graph
    units = [f"/net/{unit.replace('.', '/')}/" for unit in exact]
    sums = [f"/net/{unit.partition('.')[0]}/Add" for unit in exact]
    left = [node.name for node in graph.node if node.name.startswith((*units, *HEADS)) or node.name in sums or not node.name.startswith("/net/")]
    quantize_static(
        with_shapes, target, _feeds(graph.input[0].name, batches), quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_exclude=left,
        activation_type=QuantType.QInt8 if symmetric else QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibration_providers=["CPUExecutionProvider"], extra_options={"ActivationSymmetric": symmetric},
    )  # fmt: skip


def _feeds(name: str, batches: Iterable[Tensor]) -> CalibrationDataReader:
    from onnxruntime.quantization import CalibrationDataReader

    class Feeds(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = iter(batches)

        def get_next(self) -> dict[str, Any]:
            batch = next(self._batches, None)
            return {} if batch is None else {name: batch.contiguous().numpy()}

    return Feeds()
