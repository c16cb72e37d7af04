"""The learning rate at a step."""

from __future__ import annotations

import math

from .recipe import Rate

__all__ = ["share_at"]


def share_at(rate: Rate, step: int, steps: int) -> float:
    """The share of the learning rate in use at step `step` (from 0) of `steps`: rising in the warm-up, whole, then falling to `rate.final`."""
    if step < rate.warm_up:
        return (step + 1) / rate.warm_up
    start = max(rate.hold, rate.warm_up)
    if rate.decay == "none" or step < start:
        return 1.0
    passed = min(1.0, (step - start) / max(1, steps - start))
    left = 1 - passed if rate.decay == "linear" else (1 + math.cos(math.pi * passed)) / 2
    return rate.final + (1 - rate.final) * left
