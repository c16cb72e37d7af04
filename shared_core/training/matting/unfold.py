"""Batch-norm given back to a network whose normalisation was folded into its convolutions, so that it can be trained on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...models.recognise import recognise
from ...networks.rsu import ConvUnit
from ...networks.u2net import U2Net

__all__ = ["unfolded"]


@torch.no_grad()
def unfolded(network: U2Net, batch: Tensor) -> U2Net:
    """The same function with batch-norm in it: each is set to what its convolution gives on some pictures, and to give that back.

    With the statistics frozen it learns as the folded one does, and batch-norm's own factors besides.

    Args:
        network: folded; not modified.
        batch: pictures as the network is fed, [B, C, H, W], B at least 2.
    """
    known = recognise(network.state_dict(), "").network
    restored = U2Net(known.in_channels, known.out_channels, small=known.small, extra_level=known.extra_level, mid=known.mid)
    restored.load_state_dict(network.state_dict(), strict=False)
    hooks = [one.bn_s1.register_forward_pre_hook(_settle) for one in restored.modules() if isinstance(one, ConvUnit)]
    restored.eval()(batch)
    for hook in hooks:
        hook.remove()
    return restored


def _settle(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Make a batch-norm say what its input's statistics are, and give its input back unchanged."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_var.copy_(inputs[0].var((0, 2, 3)))
    norm.running_mean.copy_(inputs[0].mean((0, 2, 3)))
    norm.weight.copy_((norm.running_var + norm.eps).sqrt())
    norm.bias.copy_(norm.running_mean)
