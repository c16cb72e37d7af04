"""TensorRT: an engine built from ONNX on this machine's GPU. Written after TensorRT 10's interface and tried on a stand-in only: not run on a GPU yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import BadInput
from .graph import NetworkGraph, PictureGraph

__all__ = ["input_sizes", "open_tensorrt", "require_tensorrt", "write_tensorrt"]

Sizes = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""least, best and largest input"""


def require_tensorrt() -> None:
    """Raises: BadInput, where there is no TensorRT or no GPU for it."""
    _tensorrt()
    if not torch.cuda.is_available():
        raise BadInput("TensorRT builds its files for the GPU it finds; there is none here.")


def input_sizes(graph: NetworkGraph, channels: int, size: int) -> Sizes:
    """The inputs an engine takes: batches of 1 to 4; the network from half its own size to twice, pictures from 32 to 4096 pixels."""
    if isinstance(graph, PictureGraph):
        return (1, 32, 32, 3), (1, 1080, 1920, 3), (4, 4096, 4096, 3)
    return (1, channels, size // 2, size // 2), (1, channels, size, size), (4, channels, 2 * size, 2 * size)


def write_tensorrt(onnx_file: Path, file: Path, name: str, shapes: Sizes) -> None:
    """Build an engine in the number formats that the ONNX file names, no others (strongly typed, no TF32).

    Args:
        onnx_file: what to build.
        file: to write; it serves the GPU and the version of TensorRT it was built with.
        name: of the input.
        shapes: it must take, as `input_sizes` says.
    Raises: BadInput, where TensorRT refuses the graph.
    """
    trt = _tensorrt()
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx_file.read_bytes()):
        raise BadInput("TensorRT refuses the graph: {reason}", reason=parser.get_error(0).desc())
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)
    profile = builder.create_optimization_profile()
    profile.set_shape(name, *shapes)
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise BadInput("TensorRT refuses the graph: {reason}", reason="it built no engine")
    file.write_bytes(plan)


def open_tensorrt(file: Path) -> Callable[[Tensor], Tensor]:
    """Run an engine of one input and one float32 output, in this order. Tensors come and go on the CPU."""
    trt = _tensorrt()
    engine = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(file.read_bytes())
    context = engine.create_execution_context()
    entry, result = (engine.get_tensor_name(index) for index in range(2))
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def run(batch: Tensor) -> Tensor:
        given = batch.to(device).contiguous()
        context.set_input_shape(entry, tuple(given.shape))
        made = torch.empty(tuple(context.get_tensor_shape(result)), device=device)
        if not context.execute_v2([given.data_ptr(), made.data_ptr()]):
            raise RuntimeError(f"TensorRT could not run {file.name}")
        return made.cpu()

    return run


def _tensorrt() -> Any:
    try:
        import tensorrt  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BadInput("TensorRT is not installed. Get it with: pip install tensorrt") from None
    return tensorrt
