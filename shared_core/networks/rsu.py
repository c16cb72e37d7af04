"""Residual U-blocks, the building unit of U²-Net and IS-Net."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["RSU", "ConvUnit", "SeparableUnit", "enlarge"]


def enlarge(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear resize of `x` [B, C, h, w] to the height and width of `like`."""
    large = F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)
    if large.requires_grad and large.is_contiguous(memory_format=torch.channels_last):
        large.register_hook(_channels_last)
    return large


def _channels_last(gradient: Tensor) -> Tensor:
    """In the layout of what it is the gradient of. That of one of several joined maps is cut out of theirs, and PyTorch would go ten times longer way round."""
    return gradient.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


class ConvUnit(nn.Module):
    """3×3 convolution → batch-norm → ReLU, the only kind of layer inside an RSU. [B, in, H, W] → [B, out, H, W].

    Without `batch_norm` it runs weights whose normalisation is folded into the convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, dilation: int = 1, *, batch_norm: bool = True) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn_s1(self.conv_s1(x)), inplace=not torch.is_grad_enabled())


class SeparableUnit(nn.Module):
    """A `ConvUnit` whose convolution is split: 3×3 in each channel by itself, then 1×1 across them. A variant of ours; the published networks have none."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int = 1, *, batch_norm: bool = True) -> None:
        super().__init__()
        self.depth_s1 = nn.Conv2d(in_channels, in_channels, 3, padding=dilation, dilation=dilation, groups=in_channels, bias=False)
        self.conv_s1 = nn.Conv2d(in_channels, out_channels, 1)
        self.bn_s1 = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn_s1(self.conv_s1(self.depth_s1(x))), inplace=not torch.is_grad_enabled())


class RSU(nn.Module):
    """Residual U-block RSU-L (Qin et al. 2020, section 3.1; L = `levels`). [B, in, H, W] → [B, out, H, W], any H, W ≥ 1.

    `dilated` is the RSU-4F variant: no pooling, dilations 1, 2, 4, 8 instead. `separable` makes every unit a `SeparableUnit`. Submodules keep the
    checkpoint's names (U-2-Net model/u2net.py) and its order of definition: rebnconvin, rebnconv1 … rebnconvL, rebnconv(L-1)d … rebnconv1d.
    """

    def __init__(
        self, levels: int, in_channels: int, mid_channels: int, out_channels: int, *, dilated: bool = False, batch_norm: bool = True, separable: bool = False
    ) -> None:
        super().__init__()
        self.levels, self.dilated = levels, dilated
        kind = SeparableUnit if separable else ConvUnit

        def unit(source: int, target: int, level: int) -> nn.Module:
            dilation = 2 ** (level - 1) if dilated else 2 if level == levels else 1
            return kind(source, target, dilation, batch_norm=batch_norm)

        self.rebnconvin = kind(in_channels, out_channels, batch_norm=batch_norm)
        for level in range(1, levels + 1):
            self.add_module(f"rebnconv{level}", unit(out_channels if level == 1 else mid_channels, mid_channels, level))
        for level in range(levels - 1, 0, -1):
            self.add_module(f"rebnconv{level}d", unit(2 * mid_channels, out_channels if level == 1 else mid_channels, level))

    def forward(self, x: Tensor) -> Tensor:
        entry = self.rebnconvin(x)
        x = entry
        skips: list[Tensor] = []
        for level in range(1, self.levels):
            x = self.get_submodule(f"rebnconv{level}")(x)
            skips.append(x)
            if not self.dilated and level < self.levels - 1:
                x = F.max_pool2d(x, 2, ceil_mode=True)
        x = self.get_submodule(f"rebnconv{self.levels}")(x)
        for level in range(self.levels - 1, 0, -1):
            skip = skips.pop()
            if x.shape[2:] != skip.shape[2:]:
                x = enlarge(x, skip)
            x = self.get_submodule(f"rebnconv{level}d")(torch.cat((x, skip), 1))
        return x + entry
