"""ONNX: written by PyTorch's tracing exporter, run by ONNX Runtime.

Of PyTorch's two exporters this one keeps the modules' names in those of the nodes, by which layers are told apart that must stay exact in INT8, needs no
further package, and draws the same standard operators; the newer one only saves some arithmetic on shapes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..models.devices import cpu_threads
from .graph import NetworkGraph, PictureGraph

__all__ = ["open_onnx", "write_onnx"]

OPSET = 17


def write_onnx(graph: NetworkGraph, example: Tensor, file: Path, notes: Mapping[str, str]) -> None:
    """Write a graph as ONNX, opset 17, with open batch, height and width.

    Args:
        graph: on the CPU, in evaluation mode.
        example: an input, traced with.
        file: to write.
        notes: stored as the model's metadata.
    """
    import onnx
    import torch.onnx.utils

    sides = (1, 2) if isinstance(graph, PictureGraph) else (2, 3)
    result = {"alpha": (1, 2), "classes": (2, 3), "probability": (2, 3)}[graph.makes]
    axes = {name: {0: "batch", high: "height", wide: "width"} for name, (high, wide) in ((graph.takes, sides), (graph.makes, result))}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # it is called legacy; and it notes each comparison of sizes, which hold for every size (tests run others)
        write = torch.onnx.utils.export  # pyright: ignore[reportPrivateImportUsage]
        # PyTorch 2.4 has no `dynamo` in torch.onnx.export, 2.9 and newer need it said
        write(graph, (example,), str(file), opset_version=OPSET, input_names=[graph.takes], output_names=[graph.makes], dynamic_axes=axes)
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    model.producer_name = "u2studio"
    onnx.helper.set_model_props(model, dict(notes))
    onnx.save(model, file)


def open_onnx(file: Path) -> Callable[[Tensor], Tensor]:
    """Run a file of one input and one output with ONNX Runtime on the CPU. Tensors come and go on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpu_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: torch.from_numpy(session.run(None, {name: batch.contiguous().numpy()})[0])
