"""Networks made fit for bf16 and fp16, with what had to be measured of them kept for the weights file."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...networks.half_precision import UnitFacts, fit_for_half_precision, measure_units
from .kept import code_identity, keep_facts, kept_facts

__all__ = ["fit_for", "units_of"]

SIDE = 320
"""of the noise picture; what is measured on it holds at any size"""


def fit_for(dtype: torch.dtype, network: nn.Module, sha256: str, *, stored: torch.dtype | None = None) -> nn.Module:
    """The network fit for `dtype`, as `fit_for_half_precision` makes it.

    Args:
        dtype: bfloat16 or float16; float32 as there.
        network: of the U²-Net family, float32, batch-norm folded; not modified.
        sha256: of its weights file.
        stored: format of the weights; default `dtype`.
    """
    return fit_for_half_precision(network, units_of(network, sha256), dtype, stored=stored)


def units_of(network: nn.Module, sha256: str) -> dict[str, UnitFacts]:
    """What `measure_units` finds of a network, measured once for each weights file. Arguments as `fit_for`."""
    subject = f"{sha256[:32]}-units"
    facts = _read(kept_facts(subject, code_identity()))
    if facts is None:
        first = next(network.parameters())
        noise = torch.randn(1, first.shape[1], SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        facts = measure_units(network, noise.to(first.device))
        keep_facts(subject, code_identity(), {name: [_numbers(one.input_mean), _numbers(one.lowered)] for name, one in facts.items()})
    return facts


def _numbers(values: Tensor | None) -> list[float] | None:
    return None if values is None else values.tolist()


def _read(kept: dict[str, Any] | None) -> dict[str, UnitFacts] | None:
    """None where nothing is kept, or not as this version keeps it."""
    try:
        return {name: UnitFacts(_tensor(mean), None if lowered is None else _tensor(lowered)) for name, (mean, lowered) in (kept or {}).items()} or None
    except (TypeError, ValueError):
        return None


def _tensor(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
