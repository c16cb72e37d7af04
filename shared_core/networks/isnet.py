"""IS-Net (Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022): U²-Net behind a stride-2 convolution."""

from __future__ import annotations

from torch import Tensor, nn

from .rsu import enlarge
from .u2net import LARGE_STAGES, NestedUNet

__all__ = ["ISNet"]


class ISNet(NestedUNet):
    """IS-Net, 44,046,790 parameters with one output channel. It has no fuse layer: head 1 is the result. Names as in DIS models/isnet.py."""

    def __init__(self, in_channels: int = 3, out_channels: int = 1, *, batch_norm: bool = True) -> None:
        super().__init__({**LARGE_STAGES, "stage1": (7, 64, 32, 64, False)}, out_channels, batch_norm=batch_norm)
        self.conv_in = nn.Conv2d(in_channels, 64, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits of d1, …, d6, each [B, out_channels, H, W], from an image [B, in_channels, H, W] of any size."""
        return [enlarge(side, x) for side in self.side_logits(self.conv_in(x))]
