"""ESRGAN's generator (Wang et al., Enhanced Super-Resolution Generative Adversarial Networks, ECCV workshops 2018; arXiv:1809.00219): four times as large."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["SCALE", "RRDBNet"]

SCALE = 4
"""height and width of the result, to those of the picture"""
FEATURES, GROWTH = 64, 32


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all that the ones before it made. [B, 64, H, W] → the same shape."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(1, 6):
            self.add_module(f"conv{number}", _conv(FEATURES + (number - 1) * GROWTH, FEATURES if number == 5 else GROWTH))

    def forward(self, x: Tensor) -> Tensor:
        made = [x]
        for number in range(1, 5):
            made.append(_leaky(self.get_submodule(f"conv{number}")(torch.cat(made, 1))))
        return x + 0.2 * self.get_submodule("conv5")(torch.cat(made, 1))


class RRDB(nn.Module):
    """Residual in residual: three dense blocks and a way around them. [B, 64, H, W] → the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = DenseBlock(), DenseBlock(), DenseBlock()

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """ESRGAN's generator, 16,697,987 parameters with 23 `blocks` and three channels. Names as in Real-ESRGAN's files (BasicSR rrdbnet_arch.py)."""

    def __init__(self, in_channels: int = 3, out_channels: int = 3, blocks: int = 23) -> None:
        super().__init__()
        self.conv_first = _conv(in_channels, FEATURES)
        self.body = nn.Sequential(*(RRDB() for _ in range(blocks)))
        self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr = (_conv(FEATURES, FEATURES) for _ in range(4))
        self.conv_last = _conv(FEATURES, out_channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The enlarged picture, [B, out_channels, 4H, 4W], as a list of one; about 0..1. The picture is [B, in_channels, H, W], sRGB 0..1, of any size."""
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for conv in (self.conv_up1, self.conv_up2):
            x = _leaky(conv(F.interpolate(x, scale_factor=2, mode="nearest")))
        return [self.conv_last(_leaky(self.conv_hr(x)))]


def _conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1)


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2, inplace=not torch.is_grad_enabled())
