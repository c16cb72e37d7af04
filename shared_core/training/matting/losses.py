"""Loss terms on logits, each 0 for a perfect map, a mean over the batch.

Convention: `logits` and `truth` are float32 [B, C, H, W]; truth is an alpha in 0..1, soft or not, or with several channels the share of each class.
Probabilities are taken here, once, by sigmoid (one channel) or softmax: a sigmoid of a sigmoid lies in 0.5..0.73 and can never be right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from .settings import Loss, SideWeights

__all__ = ["TERMS", "bce", "deep_supervision", "dice", "edge", "iou", "side_weights_at", "ssim"]

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def bce(logits: Tensor, truth: Tensor, class_weights: Sequence[float] = ()) -> Tensor:
    """Cross-entropy, mean over pixels: binary for one channel, over the channels for several.

    Args:
        logits: [B, C, H, W].
        truth: shares of each channel, 0..1.
        class_weights: one a channel, for several channels; the mean is then weighted by them too.
    Source: Qin et al. 2020, equation 2; on logits for numerical safety (U-2-Net issue 157).
    """
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits, truth)
    weights = torch.tensor(class_weights or [1.0] * logits.shape[1], device=logits.device)
    return -(weights[:, None, None] * truth * logits.log_softmax(1)).sum() / (weights[:, None, None] * truth).sum()


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - Dice coefficient of each map, one pixel added above and below so that an empty pair scores 0. Source: Milletari et al. 2016 (with plain sums)."""
    chance, sums = _chance(logits), (2, 3)
    return (1 - (2 * (chance * truth).sum(sums) + 1) / (chance.sum(sums) + truth.sum(sums) + 1)).mean()


def iou(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - intersection over union of each map, one pixel added above and below. Source: BASNet, Qin et al. 2019, equation 5."""
    chance, sums = _chance(logits), (2, 3)
    both = (chance * truth).sum(sums)
    return (1 - (both + 1) / (chance.sum(sums) + truth.sum(sums) - both + 1)).mean()


def ssim(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - structural similarity in Gaussian windows of 11 pixels (σ 1.5), edges repeated. Source: Wang et al. 2004; as a loss, BASNet equation 4."""
    chance = _chance(logits)
    mean_a, mean_b = _blurred(chance), _blurred(truth)
    variance_a = _blurred(chance * chance) - mean_a**2
    variance_b = _blurred(truth * truth) - mean_b**2
    covariance = _blurred(chance * truth) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + C1) * (2 * covariance + C2) / ((mean_a**2 + mean_b**2 + C1) * (variance_a + variance_b + C2))
    return (1 - likeness).mean()


def edge(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference of the gradients' magnitudes (Sobel, divided by 4, so that a hard upright edge is 1), edges repeated.

    The magnitude, not the sum of both directions: on one diagonal the two cancel.
    """
    return (_steepness(_chance(logits)) - _steepness(truth)).abs().mean()


TERMS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"bce": bce, "dice": dice, "iou": iou, "ssim": ssim, "edge": edge}


def deep_supervision(outputs: Sequence[Tensor], truth: Tensor, loss: Loss, step: int) -> dict[str, Tensor]:
    """Each term of the recipe, weighted, summed over the outputs with their weights at this step.

    Args:
        outputs: logits of d0 … d6, [B, C, H, W] each.
        truth: [B, C, H, W], 0..1.
        loss: the recipe's weights; terms of weight 0 are left out, and so are outputs.
        step: from 0.
    """
    sides = [(weight, output.float()) for weight, output in zip(side_weights_at(loss.sides, step), outputs, strict=True) if weight]
    used = {name: term for name, term in TERMS.items() if getattr(loss, name)}
    if "bce" in used:
        used["bce"] = partial(bce, class_weights=loss.class_weights)
    return {name: getattr(loss, name) * torch.stack([weight * term(output, truth) for weight, output in sides]).sum() for name, term in used.items()}


def side_weights_at(knots: Sequence[SideWeights], step: int) -> tuple[float, ...]:
    """What d0 … d6 count at a step: as the first knot before it, as the last after it, in between a straight line."""
    knots = sorted(knots, key=lambda one: one.step)
    before = next((one for one in reversed(knots) if one.step <= step), knots[0])
    after = next((one for one in knots if one.step > step), before)
    share = (step - before.step) / (after.step - before.step) if after.step > before.step <= step else 0.0
    return tuple(a + share * (b - a) for a, b in zip(before.weights, after.weights, strict=True))


def _chance(logits: Tensor) -> Tensor:
    return logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(1)


def _blurred(maps: Tensor) -> Tensor:
    places = torch.arange(WINDOW, device=maps.device, dtype=maps.dtype) - WINDOW // 2
    bell = torch.exp(-(places**2) / (2 * SIGMA**2))
    bell = (bell / bell.sum()).expand(maps.shape[1], 1, 1, -1)
    padded = F.pad(maps, (WINDOW // 2,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, bell, groups=maps.shape[1]), bell.mT, groups=maps.shape[1])


def _steepness(maps: Tensor) -> Tensor:
    padded = F.pad(maps, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    x = (across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]) / 4
    y = (down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]) / 4
    return (x * x + y * y + 1e-6).sqrt()  # the square root has no slope at 0
