"""Layers that cancel each other, and the same network written so that they do not: what lets the U²-Net family run in bf16.

Training can leave an RSU with channels that are always on, far above how much they vary (U²-NetP, stage2d: at 228), and a convolution
after them whose bias takes the constant away again (-1361). Numbers of 8 bits lose what varies in between, and the mask with it. The cure
is exact in real numbers and as fast as before: the producing unit stores such a channel lowered by its mean, and the consuming one adds
what the constant would have given it, a map that is flat but for the border, where zero padding means "the constant is missing".
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .rsu import RSU, ConvUnit

__all__ = ["Cancellation", "LoweredUnit", "find_cancellations", "without_cancellations"]

THRESHOLD = 0.05
"""noise to signal; U²-NetP's two bad units have 2 and 0.15 on noise pictures, U²-Net's 1.96 and 0.39, the next ones 0.018 at most"""


@dataclass(frozen=True)
class Cancellation:
    """A unit that takes away what another one put on."""

    producer: str
    """name of a unit whose output only the consumer reads"""
    consumer: str
    noise_to_signal: float
    """of the consumer's convolution, when its input is rounded to bf16"""
    lowered: Tensor
    """[C] float64, by how much the producer's channels are lowered; 0 for those that are not always on"""


@torch.inference_mode()
def find_cancellations(network: nn.Module, batch: Tensor, threshold: float = THRESHOLD) -> list[Cancellation]:
    """Where rounding to bf16 would drown the signal, and can be kept from it.

    Args:
        network: of the U²-Net family, float32, batch-norm folded (`folding.fold_batch_norm`). It is run once.
        batch: what to measure on, preprocessed, [B, C, H, W]. Normal noise finds the same units as photos do.
        threshold: noise to signal from which a unit counts.
    Returns: in the order they run.
    """
    measured: dict[str, float] = {}
    produced: dict[str, Tensor] = {}
    candidates = dict(_candidates(network))

    def measure(name: str, conv: nn.Conv2d, x: Tensor, y: Tensor) -> None:
        measured[name] = _noise_to_signal(conv, x, y)
        if measured[name] > threshold:
            produced[name] = _always_on(x[:, : x.shape[1] // 2], conv.dilation[0])

    with _watching(network, candidates, measure):
        network(batch)
    return [
        Cancellation(producer, consumer, measured[consumer], produced[consumer])
        for consumer, producer in candidates.items()
        if consumer in produced and produced[consumer].any()
    ]


def without_cancellations(network: nn.Module, found: list[Cancellation], dtype: torch.dtype = torch.float32) -> nn.Module:
    """The same function with the found cancellations taken out, for inputs of any size.

    Args:
        network: the one they were found in; it is not modified, and what stays the same shares its memory where `dtype` allows.
        found: by `find_cancellations`.
        dtype: of the weights. The maps that stand for the constants stay float32.
    """
    weights = {id(one): nn.Parameter(one.detach().to(dtype), requires_grad=False) for one in network.parameters()}
    cured = copy.deepcopy(network, weights)
    given = {one.consumer: one.lowered for one in found}
    taken = {one.producer: one.lowered for one in found}
    for name in given | taken:
        unit = network.get_submodule(name)
        assert isinstance(unit, ConvUnit)
        parent, _, last = name.rpartition(".")
        setattr(cured.get_submodule(parent), last, LoweredUnit(unit.conv_s1, given.get(name), taken.get(name), dtype))
    return cured


class LoweredUnit(nn.Module):
    """A `ConvUnit` without batch-norm whose input, output or both are stored lowered. [B, in, H, W] → [B, out, H, W].

    max(conv(x) + map, -s) where the plain unit has relu(conv(x + r) + bias) - s; r and s are how much input and output are lowered,
    and map is conv(r, padded with zeros) + bias - s. Large constants meet in float32 only, never as a bias in `dtype`.
    """

    def __init__(self, conv: nn.Conv2d, input_lowered: Tensor | None, output_lowered: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        self.dilation = conv.dilation[0]
        weight, bias = conv.weight.detach(), conv.bias
        assert bias is not None
        self.weight = nn.Parameter(weight.to(dtype), requires_grad=False)
        lowered = torch.zeros_like(bias, dtype=torch.float64) if output_lowered is None else output_lowered.to(bias.device)
        taps = None
        if input_lowered is not None:  # the first half of the input; the second is the encoder's, concatenated as it is
            taps = torch.einsum("oikl,i->okl", weight[:, : len(input_lowered)].double(), input_lowered.to(weight.device)).float()
        self.floor: Tensor
        self.bias: Tensor
        self.taps: Tensor | None
        self.register_buffer("floor", -lowered.float()[:, None, None])
        self.register_buffer("bias", (bias.detach().double() - lowered).float()[:, None, None])
        self.register_buffer("taps", taps)

    def forward(self, x: Tensor) -> Tensor:
        z = F.conv2d(x, self.weight, None, padding=self.dilation, dilation=self.dilation)
        return torch.maximum(z + self.map(*x.shape[2:]), self.floor).to(x.dtype)

    def map(self, height: int, width: int) -> Tensor:
        """What is added to the convolution, [out, height, width], or [out, 1, 1] where it is flat."""
        if self.taps is None:
            return self.bias
        return torch.einsum("okl,kh,lw->ohw", self.taps, self._inside(height), self._inside(width)) + self.bias

    def _inside(self, size: int) -> Tensor:
        """[3, size]: 1 where a tap of the kernel lies inside the picture, 0 where it meets the padding."""
        at = torch.arange(size, device=self.bias.device) + self.dilation * torch.arange(-1, 2, device=self.bias.device)[:, None]
        return ((at >= 0) & (at < size)).float()


def _candidates(network: nn.Module) -> Iterator[tuple[str, str]]:
    """Consumer and producer by name: each decoder unit of each RSU and the unit before it, whose output nothing else reads."""
    for name, rsu in network.named_modules():
        if isinstance(rsu, RSU):
            producer = f"{name}.rebnconv{rsu.levels}"
            for level in range(rsu.levels - 1, 0, -1):
                consumer = f"{name}.rebnconv{level}d"
                yield consumer, producer
                producer = consumer


@contextmanager
def _watching(network: nn.Module, names, measure) -> Iterator[None]:
    hooks = []
    for name in names:
        unit = network.get_submodule(name)
        assert isinstance(unit, ConvUnit)
        hooks.append(unit.conv_s1.register_forward_hook(lambda conv, inputs, output, name=name: measure(name, conv, inputs[0], output)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _noise_to_signal(conv: nn.Conv2d, x: Tensor, y: Tensor) -> float:
    """Of the output channels that are on anywhere: what bf16's rounding of `x` adds, against how much they vary."""
    noise = F.conv2d(x.bfloat16().float() - x, conv.weight, None, conv.stride, conv.padding, conv.dilation)
    noise, signal = _interior(noise, conv.dilation[0]), _interior(y, conv.dilation[0])
    on = signal.amax((0, 2, 3)) > 0
    varies = signal[:, on].var((0, 2, 3), correction=0).mean()
    return float((noise[:, on].square().mean() / varies).sqrt()) if on.any() and varies > 0 else 0.0


def _always_on(x: Tensor, dilation: int) -> Tensor:
    """[C] float64: the mean of the channels that never reach zero or hardly vary, 0 for the others."""
    inside = _interior(x, dilation).double()
    mean, deviation = inside.mean((0, 2, 3)), inside.std((0, 2, 3), correction=0)
    return torch.where((inside.amin((0, 2, 3)) > 0) | (mean > 4 * deviation), mean, 0.0)


def _interior(x: Tensor, dilation: int) -> Tensor:
    """Without the border, where zero padding lets the constants stand: their step there is no signal."""
    margin = min(2 * dilation + 1, (min(x.shape[2:]) - 1) // 2)
    return x[:, :, margin : x.shape[2] - margin, margin : x.shape[3] - margin]
