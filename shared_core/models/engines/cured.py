"""Networks made ready for bf16 and fp16."""

from __future__ import annotations

import torch
from torch import nn

from ...networks.cancelling import Cancellation, find_cancellations, without_cancellations
from .kept import keep_facts, kept_facts

__all__ = ["cured"]

SIDE = 320
"""of the noise picture; the cancellations of a network are the same at any size"""
RULES = "1"
"""raised whenever `networks.cancelling` finds others in the same weights"""


def cured(network: nn.Module, sha256: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The network without the layers that cancel each other, in `dtype`; what they are is kept for the weights file.

    Args:
        network: of the U²-Net family, float32, batch-norm folded; not modified.
        sha256: of its weights file.
        dtype: of the weights.
    """
    subject = f"{sha256[:32]}-cancellations"
    found = _read(kept_facts(subject, RULES))
    if found is None:
        first = next(network.parameters())
        noise = torch.randn(1, first.shape[1], SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        found = find_cancellations(network, noise.to(first.device))
        keep_facts(subject, RULES, {"found": [[one.producer, one.consumer, one.noise_to_signal, one.lowered.tolist()] for one in found]})
    return without_cancellations(network, found, dtype)


def _read(facts: dict[str, object] | None) -> list[Cancellation] | None:
    """None where nothing is kept, or not as this version keeps it."""
    try:
        return [Cancellation(producer, consumer, noise, torch.tensor(lowered, dtype=torch.float64)) for producer, consumer, noise, lowered in facts["found"]]  # type: ignore[index,union-attr]
    except (KeyError, TypeError, ValueError):
        return None
