"""U²-Net (Qin et al., Pattern Recognition 106, 2020; arXiv:2005.09007) and its small form U²-NetP."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .rsu import RSU, enlarge

__all__ = ["LARGE_STAGES", "SMALL_STAGES", "NestedUNet", "U2Net"]

Stages = dict[str, tuple[int, int, int, int, bool]]
"""stage name → levels, in, mid, out, dilated"""

LARGE_STAGES: Stages = {
    "stage1": (7, 3, 32, 64, False),
    "stage2": (6, 64, 32, 128, False),
    "stage3": (5, 128, 64, 256, False),
    "stage4": (4, 256, 128, 512, False),
    "stage5": (4, 512, 256, 512, True),
    "stage6": (4, 512, 256, 512, True),
    "stage5d": (4, 1024, 256, 512, True),
    "stage4d": (4, 1024, 128, 256, False),
    "stage3d": (5, 512, 64, 128, False),
    "stage2d": (6, 256, 32, 64, False),
    "stage1d": (7, 128, 16, 64, False),
}
SMALL_STAGES: Stages = {
    name: (levels, 3 if name == "stage1" else 128 if name.endswith("d") else 64, 16, 64, dilated) for name, (levels, _, _, _, dilated) in LARGE_STAGES.items()
}


class NestedUNet(nn.Module):
    """A U of U-blocks: six encoder stages, five decoder stages, and a side head on each decoder stage and on stage 6."""

    def __init__(self, stages: Stages, out_channels: int, *, batch_norm: bool = True, separable: bool = False) -> None:
        super().__init__()
        for name, (levels, source, mid, target, dilated) in stages.items():
            self.add_module(name, RSU(levels, source, mid, target, dilated=dilated, batch_norm=batch_norm, separable=separable))
        for number, name in enumerate(("stage1d", "stage2d", "stage3d", "stage4d", "stage5d", "stage6"), 1):
            self.add_module(f"side{number}", nn.Conv2d(stages[name][3], out_channels, 3, padding=1))

    def side_logits(self, x: Tensor) -> list[Tensor]:
        """Logits of the heads 1 … 6 at their own sizes; the first has the size of `x`."""
        encoded: list[Tensor] = []
        for level in range(1, 6):
            x = self.get_submodule(f"stage{level}")(x)
            encoded.append(x)
            x = F.max_pool2d(x, 2, ceil_mode=True)
        x = self.get_submodule("stage6")(x)
        sides = [self.get_submodule("side6")(x)]
        for level in range(5, 0, -1):
            skip = encoded.pop()
            x = self.get_submodule(f"stage{level}d")(torch.cat((enlarge(x, skip), skip), 1))
            sides.append(self.get_submodule(f"side{level}")(x))
        return sides[::-1]


class U2Net(NestedUNet):
    """U²-Net, 44,009,869 parameters; `small` is U²-NetP, 1,131,181 (both with one output channel).

    Submodules keep the checkpoint's names. Without `batch_norm` it runs weights whose normalisation is folded in.
    Three variants of ours: `extra_level` makes the first and the last stage RSU-8, one level deeper than published; `separable` splits every convolution
    inside the stages; `mid` gives each of the eleven stages its own number of channels inside (pruned networks).
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        *,
        small: bool = False,
        batch_norm: bool = True,
        extra_level: bool = False,
        separable: bool = False,
        mid: tuple[int, ...] = (),
    ) -> None:
        stages = dict(SMALL_STAGES if small else LARGE_STAGES)
        for name, kept in zip(stages, mid, strict=False):
            stages[name] = (*stages[name][:2], kept, *stages[name][3:])
        for name in ("stage1", "stage1d") if extra_level else ():
            stages[name] = (stages[name][0] + 1, *stages[name][1:])
        levels, _, inner, target, dilated = stages["stage1"]
        stages["stage1"] = (levels, in_channels, inner, target, dilated)
        super().__init__(stages, out_channels, batch_norm=batch_norm, separable=separable)
        self.outconv = nn.Conv2d(6 * out_channels, out_channels, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits of d0 (fused), d1, …, d6, each [B, out_channels, H, W], from an image [B, in_channels, H, W] of any size."""
        first, *deeper = self.side_logits(x)
        sides = [first, *(enlarge(side, first) for side in deeper)]
        return [self.outconv(torch.cat(sides, 1)), *sides]
