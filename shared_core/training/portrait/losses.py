"""Loss terms of drawings, each 0 for a perfect one but the adversarial ones; means over the batch.

Convention: logits and ink are float32 [B, 1, H, W]; ink is 0..1, 1 = full ink.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..matting.losses import ssim
from .settings import Loss

__all__ = ["critic_hinge", "likeness", "shown", "slopes", "taken_for_real"]


def likeness(outputs: Sequence[Tensor], ink: Tensor, loss: Loss) -> dict[str, Tensor]:
    """The weighted terms that compare pixels; those of weight 0 are left out.

    Args:
        outputs: logits of d0 … d6.
        ink: what they should be.
        loss: the recipe's weights.
    """
    first = outputs[0].float()
    drawn = first.sigmoid()
    terms: dict[str, Tensor] = {}
    if loss.bce:
        sides = [weight * F.binary_cross_entropy_with_logits(side.float(), ink) for weight, side in zip(loss.sides, outputs, strict=True) if weight]
        terms["bce"] = loss.bce * torch.stack(sides).sum()
    if loss.absolute:
        terms["absolute"] = loss.absolute * (drawn - ink).abs().mean()
    if loss.slopes:
        terms["slopes"] = loss.slopes * slopes(drawn, ink)
    if loss.structure:
        with torch.autocast(first.device.type, enabled=False):  # variances in bf16 come out below 0
            terms["structure"] = loss.structure * ssim(first, ink)
    return terms


def slopes(drawn: Tensor, ink: Tensor) -> Tensor:
    """Mean absolute difference of the differences between neighbours, across and down, the two added."""
    apart = drawn - ink
    return apart.diff(dim=3).abs().mean() + apart.diff(dim=2).abs().mean()


def shown(photo: Tensor, ink: Tensor) -> Tensor:
    """What the critic sees, [B, 4, H, W]: the photo as the network is fed, and the ink over -2..2, as far as the photo's own values go."""
    return torch.cat((photo, 4 * ink - 2), 1)


def taken_for_real(seen: Sequence[Tensor], real: Sequence[Tensor], loss: Loss) -> dict[str, Tensor]:
    """What the network learns from the critic: hinge form of the adversarial loss, and feature matching (Salimans et al. 2016, as in pix2pixHD).

    Args:
        seen: what the critic's layers see of the drawing, the judgements last.
        real: of the artist's drawing, without gradient.
        loss: the recipe's weights.
    """
    matching = [(one.float() - other.float()).abs().mean() for one, other in zip(seen[:-1], real[:-1], strict=True)]
    return {"adversarial": -loss.adversarial * seen[-1].float().mean(), "matching": loss.matching * torch.stack(matching).mean()}


def critic_hinge(real: Tensor, drawn: Tensor) -> dict[str, Tensor]:
    """The critic's loss from its judgements of artists' drawings and of the network's. Source: Lim and Ye 2017, Miyato et al. 2018."""
    return {"real": F.relu(1 - real.float()).mean(), "drawn": F.relu(1 + drawn.float()).mean()}
