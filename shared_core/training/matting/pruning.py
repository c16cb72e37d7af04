"""Channels left out of a trained network, to be trained on without them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...networks.rsu import RSU, ConvUnit
from ...networks.u2net import U2Net

__all__ = ["pruned"]


def pruned(network: U2Net, share: float) -> U2Net:
    """The network with fewer channels inside its stages; what comes into and out of a stage stays.

    Of each unit inside a stage those channels stay whose filters are largest (sum of absolute weights, batch-norm's factor counted in).

    Args:
        network: trained, on the CPU; not modified.
        share: of the channels inside each stage to leave out, 0..1; one stays at least.
    Source: Li et al. 2017, Pruning filters for efficient convnets.
    """
    stages = {name: stage for name, stage in network.named_children() if isinstance(stage, RSU)}
    widths = {name: stage.get_parameter("rebnconv2.conv_s1.weight").shape[0] for name, stage in stages.items()}
    mid = tuple(max(1, round(width * (1 - share))) for width in widths.values())
    norm = any(isinstance(one, nn.BatchNorm2d) for one in network.modules())
    first, heads = network.get_parameter("stage1.rebnconvin.conv_s1.weight"), network.get_parameter("outconv.weight")
    smaller = U2Net(first.shape[1], heads.shape[0], small=_unit(stages["stage2"], "in").conv_s1.out_channels == 64, batch_norm=norm,
                    extra_level=stages["stage1"].levels == 8, mid=mid)  # fmt: skip
    state = dict(network.state_dict())
    for (name, stage), kept in zip(stages.items(), mid, strict=True):
        for unit, (ins, outs) in _choices(stage, widths[name], kept).items():
            _choose(state, f"{name}.rebnconv{unit}.", ins, outs)
    smaller.load_state_dict(state)
    return smaller


def _choices(stage: RSU, width: int, kept: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Unit → the input and output channels that stay."""
    levels = range(1, stage.levels + 1)
    names = [str(level) for level in levels] + [f"{level}d" for level in levels[:-1]]
    stays = {name: _largest(_unit(stage, name), kept) for name in names if name != "1d"}
    every = torch.arange(_unit(stage, "1").conv_s1.in_channels)
    found = {name: (stays[str(int(name) - 1)] if name != "1" else every, stays[name]) for name in names if not name.endswith("d")}
    for level in levels[:-1]:
        deeper = stays[f"{level + 1}d"] if level + 1 < stage.levels else stays[str(stage.levels)]
        outs = stays[f"{level}d"] if level > 1 else torch.arange(_unit(stage, "1d").conv_s1.out_channels)
        found[f"{level}d"] = (torch.cat((deeper, stays[str(level)] + width)), outs)
    return found


def _largest(unit: ConvUnit, kept: int) -> Tensor:
    size = unit.conv_s1.weight.detach().abs().sum((1, 2, 3))
    if isinstance(unit.bn_s1, nn.BatchNorm2d):
        size = size * unit.bn_s1.weight.detach().abs() / (unit.bn_s1.running_var + unit.bn_s1.eps).sqrt()  # pyright: ignore[reportOptionalOperand]
    return size.topk(kept).indices.sort().values


def _choose(state: dict[str, Tensor], unit: str, ins: Tensor, outs: Tensor) -> None:
    state[f"{unit}conv_s1.weight"] = state[f"{unit}conv_s1.weight"][outs][:, ins]
    for key in ("conv_s1.bias", "bn_s1.weight", "bn_s1.bias", "bn_s1.running_mean", "bn_s1.running_var"):
        if unit + key in state:
            state[unit + key] = state[unit + key][outs]


def _unit(stage: RSU, name: str) -> ConvUnit:
    found = stage.get_submodule(f"rebnconv{name}")
    assert isinstance(found, ConvUnit)
    return found
