"""Weights out of ONNX files, by name where the exporter kept names, else by the order of the convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from ..errors import BadInput, ModelCorrupt
from .cards import Network
from .recognise import ANCHOR, build

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["parse_onnx", "read_onnx", "require_onnx"]


class _Convolution(NamedTuple):
    weight: Tensor
    bias: Tensor | None
    dilation: int
    stride: int


def require_onnx(file: str) -> None:
    """Raises: BadInput, naming what to install, when files like `file` cannot be read here."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise BadInput('To read ONNX files ({file}), install the converter: pip install "u2studio[convert]"', file=file) from None


def parse_onnx(file: Path) -> ModelProto:
    """The parsed file. Raises: BadInput without the `onnx` package, ModelCorrupt when it is no whole ONNX file."""
    require_onnx(file.name)
    import onnx

    try:
        model = onnx.load(file)
    except Exception as error:  # protobuf's DecodeError, OSError of external data, onnx's own ValidationError: no common base
        raise ModelCorrupt("{file} is damaged or no ONNX file: {reason}", file=file.name, reason=str(error)) from None
    if not model.graph.node:
        raise ModelCorrupt("{file} is damaged or no ONNX file: {reason}", file=file.name, reason="no graph")
    return model


def read_onnx(file: Path) -> dict[str, Tensor]:
    """The state dict of a network exported to ONNX, float32, batch-norm folded where the exporter folded it.

    Exporters fold batch-norm into the convolution before it and forget the names. What they keep is the order: convolutions stand in the
    graph as the network calls them, which for our networks is the order they are defined in (IS-Net's `conv_in` first).
    Every shape, dilation and stride is compared with the network's own.

    Raises: BadInput, ModelCorrupt.
    """
    model = parse_onnx(file)
    from onnx import numpy_helper

    stored = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in model.graph.initializer}
    stored = {name: value.float() if value.is_floating_point() else value for name, value in stored.items()}
    if any(name.endswith(ANCHOR) for name in stored):
        return stored
    convolutions = [_convolution(node, stored, file.name) for node in model.graph.node if node.op_type == "Conv"]
    network = _network(convolutions, file.name)
    named = _convolutions_in_order(network)
    if len(named) != len(convolutions):
        raise ModelCorrupt("{file} holds none of the networks known here (U²-Net, U²-NetP, IS-Net).", file=file.name)
    state: dict[str, Tensor] = {}
    for (name, like), found in zip(named, convolutions, strict=True):
        same = found.weight.shape == like.weight.shape and found.dilation == like.dilation[0] and found.stride == like.stride[0]
        if not same or found.bias is None:
            raise ModelCorrupt("{file} is no {network} as we know it: its convolution for {key} differs.", file=file.name, network=str(network), key=name)
        state[f"{name}.weight"], state[f"{name}.bias"] = found.weight, found.bias
    return state


def _convolution(node: Any, stored: dict[str, Tensor], file: str) -> _Convolution:
    if len(node.input) < 2 or node.input[1] not in stored:
        raise ModelCorrupt("{file} is not whole: a convolution has no stored weights.", file=file)
    numbers = {attribute.name: list(attribute.ints) for attribute in node.attribute}
    bias = stored.get(node.input[2]) if len(node.input) > 2 else None
    return _Convolution(stored[node.input[1]], bias, (numbers.get("dilations") or [1])[0], (numbers.get("strides") or [1])[0])


def _network(convolutions: list[_Convolution], file: str) -> Network:
    """Which network the convolutions make; their number is checked by the caller."""
    if len(convolutions) < 3:
        raise ModelCorrupt("{file} holds none of the networks known here (U²-Net, U²-NetP, IS-Net).", file=file)
    first, last = convolutions[0], convolutions[-1]
    if first.stride == 2:  # only IS-Net begins with a stride, and it ends with a side head
        return Network(name="isnet", in_channels=first.weight.shape[1], out_channels=last.weight.shape[0])
    small = convolutions[1].weight.shape[0] == 16
    return Network(name="u2net", in_channels=first.weight.shape[1], out_channels=last.weight.shape[0], small=small)


def _convolutions_in_order(network: Network) -> list[tuple[str, nn.Conv2d]]:
    found = [(name, one) for name, one in build(network, batch_norm=False).named_modules() if isinstance(one, nn.Conv2d)]
    return sorted(found, key=lambda pair: pair[0] != "conv_in")  # stable: only conv_in moves to the front
