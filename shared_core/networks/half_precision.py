"""Networks of the U²-Net family written so that they run in bf16 and fp16: the same function, with what rounding would drown kept out of its way.

Plain bf16 (8 bits) spoils these networks' masks. Four causes, and what is done about each; none costs time:

1. Units that cancel. Training can leave channels that are always on, far above how much they vary (U²-NetP, stage2d: at 228), and a convolution
   after them whose bias takes the constant away again (-1361). The producing unit stores such channels lowered by their mean, and the consuming
   unit adds what the constant would have given it: a map that is flat but for the border, where zero padding means "the constant is missing".
   Exact, at any size.
2. Biases. They stay float32.
3. Weights. Rounding them shifts each output by its input times the rounding error. Each kernel is rounded so that its nine taps add up to what they did,
   which is what counts where the input is smooth; the bias takes back the little that is left, times the input's mean.
4. The picture. It enters as its rounded value and the rest, twice as many channels of a layer that has room for them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .rsu import RSU, ConvUnit
from .u2net import U2Net

__all__ = ["HalfUnit", "UnitFacts", "cancelling_units", "fit_for_half_precision", "measure_units", "split_picture"]

THRESHOLD = 0.05
"""noise to signal from which units count as cancelling; U²-NetP's two have 2 and 0.17 on noise pictures, the next one 0.02"""


@dataclass(frozen=True)
class UnitFacts:
    """What was measured of one unit."""

    input_mean: Tensor
    """[in] float64, of each input channel"""
    lowered: Tensor | None = None
    """[in / 2] float64, for a unit that cancels: by how much the unit before it should lower its channels; 0 for those that are not always on"""


@torch.inference_mode()
def measure_units(network: nn.Module, batch: Tensor, threshold: float = THRESHOLD) -> dict[str, UnitFacts]:
    """Run the network once and measure its units.

    Args:
        network: of the U²-Net family, float32, batch-norm folded (`folding.fold_batch_norm`).
        batch: what to measure on, [B, C, H, W]. Normal noise serves as well as photos do.
        threshold: noise to signal from which a unit cancels.
    Returns: unit name → facts.
    """
    producers = dict(_lone_producers(network))
    facts: dict[str, UnitFacts] = {}

    def measure(name: str, conv: nn.Conv2d, x: Tensor, y: Tensor) -> None:
        mean, lowered = _interior(x, conv.dilation[0]).double().mean((0, 2, 3)), None
        if name in producers and _noise_to_signal(conv, x, y) > threshold:
            lowered = _always_on(x[:, : x.shape[1] // 2], conv.dilation[0])
        facts[name] = UnitFacts(mean, lowered)

    with _watching(network, measure):
        network(batch)
    return facts


def fit_for_half_precision(network: nn.Module, facts: dict[str, UnitFacts], dtype: torch.dtype, *, stored: torch.dtype | None = None) -> nn.Module:
    """The same function, fit to be computed in a format of few bits.

    Args:
        network: the one that was measured; it is not modified, and what stays as it is shares its memory.
        facts: by `measure_units`.
        dtype: bfloat16 or float16, the format it will be computed in; float32 for files whose reader may compute in fewer bits: the very same function,
            with those units alone rewritten that cancel.
        stored: format of the weights in the module; default `dtype`. float32 is for engines that are given their weights so; the values are those of `dtype`.
    Returns: a network for inputs in `dtype`; a U2Net's unit that reads the picture takes it in float32.
    """
    kept = stored or dtype
    weights = {id(one): nn.Parameter(one.detach().to(kept), requires_grad=False) for one in network.parameters()}
    fit = copy.deepcopy(network, weights)
    producers = dict(_lone_producers(network))
    taken = {producers[name]: one.lowered for name, one in facts.items() if one.lowered is not None}
    for name, unit in _units(network):
        if dtype == torch.float32 and name not in taken and facts[name].lowered is None:
            continue
        parent, _, last = name.rpartition(".")
        picture = dtype != torch.float32 and isinstance(network, U2Net) and name == "stage1.rebnconvin"
        made = HalfUnit(unit.conv_s1, facts[name], taken.get(name), dtype, kept, picture=picture)
        setattr(fit.get_submodule(parent), last, made)
    return fit


def cancelling_units(network: nn.Module, facts: dict[str, UnitFacts]) -> set[str]:
    """The names of the units that cancel, and of those before them: what must be computed exactly where nothing is rewritten."""
    producers = dict(_lone_producers(network))
    found = {name for name, one in facts.items() if one.lowered is not None}
    return found | {producers[name] for name in found}


class HalfUnit(nn.Module):
    """A `ConvUnit` without batch-norm for bf16 or fp16. [B, in, H, W] → [B, out, H, W].

    max(conv(x) + map, -s), where the plain unit has relu(conv(x + r) + bias) - s; r and s are how much input and output are lowered, and
    map is conv(r, padded with zeros) + bias - s. `bias` is what it is away from the border, `taps` what each tap of the kernel gives there;
    both are float32 whatever the weights are.
    """

    def __init__(self, conv: nn.Conv2d, facts: UnitFacts, lowered: Tensor | None, dtype: torch.dtype, kept: torch.dtype, *, picture: bool) -> None:
        super().__init__()
        self.dilation, self.reads_picture = conv.dilation[0], picture
        weight, bias = conv.weight.detach(), conv.bias
        assert bias is not None
        rounded = _rounded(weight, dtype)
        mean = facts.input_mean.to(weight.device, copy=True)
        taps, constant = None, torch.zeros_like(bias, dtype=torch.float64)
        if facts.lowered is not None:  # the first half of the input; the second is the encoder's, concatenated as it is
            given = facts.lowered.to(weight.device)
            taps = torch.einsum("oikl,i->okl", weight[:, : len(given)].double(), given)
            constant = taps.sum((1, 2))
            mean[: len(given)] -= given
        if picture:
            weight = torch.cat((rounded, rounded, weight - rounded), 1)
            shift = torch.zeros_like(bias, dtype=torch.float64)
        else:
            shift = ((weight.double() - rounded.double()).sum((2, 3)) * mean).sum(1)
            weight = rounded
        floor = torch.zeros_like(bias, dtype=torch.float64) if lowered is None else -lowered.to(bias.device)
        self.weight = nn.Parameter(weight.to(kept), requires_grad=False)
        self.bias: Tensor
        self.taps: Tensor | None
        self.floor: Tensor | None
        self.register_buffer("bias", (bias.detach().double() + shift + floor + constant).float())
        self.register_buffer("taps", None if taps is None else taps.float())
        self.register_buffer("floor", None if lowered is None else floor.float()[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        if self.reads_picture:
            x = split_picture(x).to(self.weight.dtype)
        if self.taps is None and _fused_is_there(x):
            z = _fused(x, self.weight, self.bias, self.dilation, relu=self.floor is None)
            return z if self.floor is None else torch.maximum(z, self.floor.to(z.dtype))
        z = F.conv2d(x, self.weight, None, padding=self.dilation, dilation=self.dilation) + self.map(*x.shape[2:])
        return (F.relu(z) if self.floor is None else torch.maximum(z, self.floor)).to(x.dtype)

    def map(self, height: int, width: int) -> Tensor:
        """What is added to the convolution, [out, height, width], or [out, 1, 1] where it is flat.

        Inside it is `bias` to the bit, so that engines which round all arithmetic to few bits spoil no more than the border.
        """
        flat = self.bias[:, None, None]
        if self.taps is None:
            return flat
        rows, columns = self._inside(height), self._inside(width)
        above_and_below = (self.taps.sum(2) @ (1 - rows))[:, :, None]
        return flat - (above_and_below + rows.T @ (self.taps @ (1 - columns)))  # no einsum: OpenVINO 2026.4 gets one of three constants wrong

    def _inside(self, size: int) -> Tensor:
        """[3, size]: 1 where a tap of the kernel lies inside the picture, 0 where it meets the padding."""
        at = self.bias.new_ones(size, dtype=torch.int32).cumsum(0, dtype=torch.int32) - 1  # arange would tie a traced program to one device
        at = torch.stack((at - self.dilation, at, at + self.dilation))
        return ((at >= 0) & (at < size)).float()


def _rounded(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A convolution's weight [O, I, h, w] with the values of `dtype`, as float32: the larger taps first, each with what rounding left of those before it."""
    taps, order = weight.flatten(2).double(), weight.flatten(2).abs().argsort(dim=2, descending=True, stable=True)
    left = torch.zeros_like(taps[..., 0])
    made = torch.empty_like(taps)
    for at in order.unbind(2):
        wanted = taps.gather(2, at[..., None])[..., 0] + left
        rounded = wanted.to(dtype).double()
        made.scatter_(2, at[..., None], rounded[..., None])
        left = wanted - rounded
    return made.reshape(weight.shape).float()


def split_picture(x: Tensor) -> Tensor:
    """What the first unit convolves, of a batch [B, C, H, W] float32: its value rounded to bf16, the rest, and the rounded value again, [B, 3 · C, H, W]."""
    rounded = x.bfloat16().float()
    return torch.cat((rounded, x - rounded, rounded), 1)


def _fused_is_there(x: Tensor) -> bool:
    """Whether oneDNN's convolution with bias and ReLU in one pass can be called; alone it takes a float32 bias beside bf16."""
    return x.device.type == "cpu" and x.dtype == torch.bfloat16 and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


def _fused(x: Tensor, weight: Tensor, bias: Tensor, dilation: int, *, relu: bool) -> Tensor:
    ones, margins = [1, 1], [dilation, dilation]
    return torch.ops.mkldnn._convolution_pointwise(x, weight, bias, margins, ones, margins, 1, "relu" if relu else "none", [], "")


def _units(network: nn.Module) -> Iterator[tuple[str, ConvUnit]]:
    for name, module in network.named_modules():
        if isinstance(module, ConvUnit):
            yield name, module


def _lone_producers(network: nn.Module) -> Iterator[tuple[str, str]]:
    """Each decoder unit of each RSU, and the unit before it, whose output nothing else reads."""
    for name, rsu in network.named_modules():
        if isinstance(rsu, RSU):
            producer = f"{name}.rebnconv{rsu.levels}"
            for level in range(rsu.levels - 1, 0, -1):
                consumer = f"{name}.rebnconv{level}d"
                yield consumer, producer
                producer = consumer


@contextmanager
def _watching(network: nn.Module, measure: Callable[[str, Any, Any, Any], None]) -> Iterator[None]:
    """Call `measure(unit name, convolution, its input, its output)` for every unit that runs."""
    hooks = [
        unit.conv_s1.register_forward_hook(lambda conv, inputs, output, name=name: measure(name, conv, inputs[0], output))
        for name, unit in _units(network)
    ]  # fmt: skip
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
    if not on.any():
        return 0.0
    varies = signal[:, on].var((0, 2, 3), correction=0).mean()
    return float((noise[:, on].square().mean() / varies).sqrt()) if varies > 0 else 0.0


def _always_on(x: Tensor, dilation: int) -> Tensor:
    """[C] float64: the mean of the channels that never reach zero or hardly vary, 0 for the others."""
    inside = _interior(x, dilation).double()
    mean, deviation = inside.mean((0, 2, 3)), inside.std((0, 2, 3), correction=0)
    return torch.where((inside.amin((0, 2, 3)) > 0) | (mean > 4 * deviation), mean, 0.0)


def _interior(x: Tensor, dilation: int) -> Tensor:
    """Without the border, where zero padding lets the constants stand: their step there is no signal."""
    margin = min(2 * dilation + 1, (min(x.shape[2:]) - 1) // 2)
    return x[:, :, margin : x.shape[2] - margin, margin : x.shape[3] - margin]
