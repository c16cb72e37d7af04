"""Makes the embedded drawing model of what training left: a mean of several weights, its fuse sharpened, in half precision.

    python benchmarks/portrait_weights.py SHARE=FILE … [--sharpen 0.75] [--lighten 0.6] [--soften 0.9] -o u2netp_portrait.safetensors

Weights of one run and its start lie in one valley: their mean draws better than each (Izmailov et al. 2018;
Wang et al. 2018 for weights with and without a critic).
The fuse adds up six outputs, the finest first; taking from the second what is given to the first is an unsharp mask made of weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from u2studio.shared_core.models.store import sha256
from u2studio.shared_core.training.result import write_weights


def main() -> None:
    """Mix, sharpen, write; print what the card needs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="SHARE=FILE", help="weights and how much each counts; the shares need not add up to 1")
    parser.add_argument("--sharpen", type=float, default=0.0, help="how much of d1 - d2 is added to the drawing's logits")
    parser.add_argument("--lighten", type=float, default=0.0, help="what is taken from the logits: less ink")
    parser.add_argument("--soften", type=float, default=1.0, help="what the logits are multiplied by; below 1: softer edges")
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    pairs = [one.partition("=") for one in chosen.files]
    made = fused(mean({file: float(share) for share, _, file in pairs}), chosen.sharpen, chosen.lighten, chosen.soften)
    note = {"card": "u2netp_portrait", "recipe": "portrait", "made": f"sharpen {chosen.sharpen}, lighten {chosen.lighten}, soften {chosen.soften}"}
    write_weights(chosen.output, {name: value.half() for name, value in made.items()}, note)
    print(f'sha256 = "{sha256(chosen.output)}"\nsize = {chosen.output.stat().st_size}')


def mean(shares: Mapping[str, float]) -> dict[str, Tensor]:
    """The weighted mean of weights files, float32."""
    whole = sum(shares.values())
    states = {file: load_file(file) for file in shares}
    names = next(iter(states.values()))
    return {name: torch.stack([states[file][name].double() * share / whole for file, share in shares.items()]).sum(0).float() for name in names}


def fused(state: dict[str, Tensor], sharpen: float, lighten: float, soften: float) -> dict[str, Tensor]:
    """The weights with another fuse: logits d0 become soften · (d0 + sharpen · (d1 - d2) - lighten)."""
    weight, bias = state["outconv.weight"].clone(), state["outconv.bias"]
    weight[0, 0] += sharpen
    weight[0, 1] -= sharpen
    return {**state, "outconv.weight": weight * soften, "outconv.bias": (bias - lighten) * soften}


if __name__ == "__main__":
    main()
