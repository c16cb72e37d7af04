"""Batch-norm folded into the convolution before it: the same function with a third of the layers."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["fold_batch_norm", "is_folded"]

EPS = 1e-5
"""of every batch-norm in the U²-Net family"""


def is_folded(state: dict[str, Tensor]) -> bool:
    """Whether a state dict of the U²-Net family holds no batch-norm."""
    return not any(".bn_s1." in key for key in state)


def fold_batch_norm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict with each `bn_s1` folded into the `conv_s1` beside it, for networks built with `batch_norm=False`.

    Computed in float64, returned in the weights' own precision. The input is not modified.
    """
    folded: dict[str, Tensor] = {}
    for key, value in state.items():
        if ".bn_s1." in key:
            continue
        unit, _, kind = key.rpartition(".conv_s1.")
        norm = f"{unit}.bn_s1."
        if not unit or f"{norm}weight" not in state:
            folded[key] = value
            continue
        scale = state[f"{norm}weight"].double() / torch.sqrt(state[f"{norm}running_var"].double() + EPS)
        if kind == "weight":
            result = value.double() * scale[:, None, None, None]
        else:
            result = (value.double() - state[f"{norm}running_mean"].double()) * scale + state[f"{norm}bias"].double()
        folded[key] = result.to(value.dtype)
    return folded
