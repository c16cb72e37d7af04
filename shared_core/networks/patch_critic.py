"""A critic that judges patches, not whole pictures (Isola et al., CVPR 2017; arXiv:1611.07004), with spectral norm (Miyato et al. 2018)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["PatchCritic"]


class PatchCritic(nn.Module):
    """4×4 convolutions of the given widths, all but the last of them of stride 2, leaky ReLU 0.2 between, and one of stride 1 to a single channel.

    With widths 32, 64, 128 each judgement sees 34×34 pixels. Every convolution has spectral norm; its power iteration moves on in training mode only.
    """

    def __init__(self, in_channels: int, widths: tuple[int, ...] = (32, 64, 128)) -> None:
        super().__init__()
        sources = (in_channels, *widths)
        strides = (*(2 for _ in widths[:-1]), 1, 1)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(source, target, 4, stride, padding=1)) for source, target, stride in zip(sources, (*widths, 1), strides, strict=True)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """What each layer sees, the judgements last: [B, width, h, w] …, [B, 1, h, w], from [B, in_channels, H, W]; above 0: real."""
        seen: list[Tensor] = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index < len(self.layers) - 1:
                x = F.leaky_relu(x, 0.2)
            seen.append(x)
        return seen
