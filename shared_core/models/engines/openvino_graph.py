"""A network of the U²-Net family as an OpenVINO model of one input size.

Drawn here rather than traced: nothing of it depends on the version of PyTorch, and a test compares every output with the network's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import openvino as ov
from openvino import opset13 as op
from torch import Tensor, nn

from ...networks.half_precision import HalfUnit
from ...networks.isnet import ISNet
from ...networks.rsu import RSU, ConvUnit
from ...networks.u2net import NestedUNet, U2Net

__all__ = ["drawn"]

Node = ov.Output

_FAR = 1e38
"""no map comes near it"""
_TILE = 32
"""channels that the CPU's matrix units take at once"""


def drawn(network: nn.Module, channels: int, height: int, width: int) -> ov.Model:
    """The model of `network` for [1, channels, height, width], float32; where its first unit splits the picture, for what `split_picture` makes of that.

    It ends at the side outputs as the stages make them: with one channel each, OpenVINO needs longer to enlarge and join them than for whole stages.

    Args:
        network: U2Net or ISNet, float32, batch-norm folded, as it is or fit for bf16 (weights stored float32).
        channels: of the input.
        height: of the input, pixels.
        width: of the input, pixels.
    Returns: a model whose results are the network's `side_logits`, in its order, each at its own size; of a U2Net then the weight and bias that join them.
    """
    assert isinstance(network, U2Net | ISNet)
    first = network.get_submodule("stage1.rebnconvin")
    image = op.parameter([1, (3 if isinstance(first, HalfUnit) and first.reads_picture else 1) * channels, height, width], np.float32)
    if isinstance(network, U2Net):
        assert network.outconv.bias is not None
        results = [*_sides(network, image.output(0)), *(_constant(one).output(0) for one in (network.outconv.weight, network.outconv.bias))]
    else:
        results = _sides(network, _convolved(network.conv_in, image.output(0)))
    return ov.Model([op.result(one) for one in results], [image])  # pyright: ignore[reportGeneralTypeIssues]


def _sides(network: NestedUNet, x: Node) -> list[Node]:
    """As `NestedUNet.side_logits`."""
    encoded: list[Node] = []
    for level in range(1, 6):
        x = _rsu(network.get_submodule(f"stage{level}"), x)
        encoded.append(x)
        x = _halved(x)
    x = _rsu(network.get_submodule("stage6"), x)
    sides = [_convolved(network.get_submodule("side6"), x)]
    for level in range(5, 0, -1):
        skip = encoded.pop()
        x = _rsu(network.get_submodule(f"stage{level}d"), _resized(x, skip), skip)
        sides.append(_convolved(network.get_submodule(f"side{level}"), x))
    return sides[::-1]


def _rsu(rsu: nn.Module, *parts: Node) -> Node:
    """As `RSU.forward`, of parts that the network concatenates."""
    assert isinstance(rsu, RSU)
    entry = x = _unit(rsu.rebnconvin, *parts)
    skips: list[Node] = []
    for level in range(1, rsu.levels):
        x = _unit(rsu.get_submodule(f"rebnconv{level}"), x)
        skips.append(x)
        if not rsu.dilated and level < rsu.levels - 1:
            x = _halved(x)
    x = _unit(rsu.get_submodule(f"rebnconv{rsu.levels}"), x)
    for level in range(rsu.levels - 1, 0, -1):
        skip = skips.pop()
        x = _unit(rsu.get_submodule(f"rebnconv{level}d"), _resized(x, skip), skip)
    return op.add(x, entry).output(0)


def _unit(unit: nn.Module, *parts: Node) -> Node:
    """As the unit's `forward`, of parts that the network concatenates."""
    if isinstance(unit, ConvUnit):
        return op.relu(_convolved(unit.conv_s1, _joined(parts))).output(0)
    assert isinstance(unit, HalfUnit)
    z = _convolution_of_parts(unit.weight, parts, unit.dilation)
    if unit.taps is not None:
        z = op.add(z, _constant(unit.map(*_size(z))[None])).output(0)
        return (op.relu(z) if unit.floor is None else op.maximum(z, _constant(unit.floor[None]))).output(0)
    # What comes first after a convolution would be its bias, which OpenVINO rounds to bf16. After a limit that nothing reaches it stays float32,
    # and all of this is done while the convolution stores its results.
    z, bias = op.clamp(z, -_FAR, _FAR), unit.map(1, 1)
    if unit.floor is None:
        return op.relu(op.add(z, _constant(bias[None]))).output(0)
    return op.add(op.relu(op.add(z, _constant((bias - unit.floor)[None]))), _constant(unit.floor[None])).output(0)


def _convolution_of_parts(weight: Tensor, parts: Sequence[Node], dilation: int) -> Node:
    """The convolution of what lies in parts. Large ones are convolved one by one, each adding to what the last has stored: concatenating takes longer."""
    channels = [int(part.get_partial_shape().to_shape()[1]) for part in parts]
    if any(one % _TILE for one in channels):
        return _convolution(weight, _joined(parts), 1, dilation, dilation)
    each = [_convolution(one, part, 1, dilation, dilation) for one, part in zip(weight.split(channels, 1), parts, strict=True)]
    return reduce(lambda made, one: op.add(one, made).output(0), each)


def _joined(parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else op.concat(list(parts), 1).output(0)


def _convolved(conv: nn.Module, x: Node) -> Node:
    assert isinstance(conv, nn.Conv2d)
    z = _convolution(conv.weight, x, conv.stride[0], int(conv.padding[0]), conv.dilation[0])
    return z if conv.bias is None else op.add(z, _constant(conv.bias[None, :, None, None])).output(0)


def _convolution(weight: Tensor, x: Node, stride: int, padding: int, dilation: int) -> Node:
    return op.convolution(x, _constant(weight), [stride, stride], [padding, padding], [padding, padding], [dilation, dilation]).output(0)


def _constant(value: Tensor) -> ov.Node:
    return op.constant(np.ascontiguousarray(value.detach().numpy()))


def _halved(x: Node) -> Node:
    return op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2], rounding_type="ceil").output(0)


def _resized(x: Node, like: Node) -> Node:
    """Bilinear to the size of `like`, as `rsu.enlarge`."""
    if _size(x) == _size(like):
        return x
    size, axes = op.constant(np.array(_size(like), np.int64)), op.constant(np.array([2, 3], np.int64))
    return op.interpolate(x, size, "linear_onnx", "sizes", axes=axes, coordinate_transformation_mode="half_pixel").output(0)


def _size(x: Node) -> tuple[int, int]:
    shape = x.get_partial_shape().to_shape()
    return shape[2], shape[3]
