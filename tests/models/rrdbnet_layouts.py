"""Real-ESRGAN's names of the weights, said in ESRGAN's of 2019 and of 2018 (xinntao/ESRGAN, transfer_RRDB_models.py)."""

from __future__ import annotations

from torch import Tensor

State = dict[str, Tensor]

PAIRS_2019 = (("conv_body", "trunk_conv"), ("conv_up1", "upconv1"), ("conv_up2", "upconv2"), ("conv_hr", "HRconv"))
PAIRS_2018 = (("conv_first", "model.0"), ("conv_up1", "model.3"), ("conv_up2", "model.6"), ("conv_hr", "model.8"), ("conv_last", "model.10"))


def names_of_2019(state: State) -> State:
    """As RRDB_ESRGAN_x4.pth has them."""
    return _renamed(state, PAIRS_2019, lambda block, dense, conv: f"RRDB_trunk.{block}.RDB{dense}.conv{conv}")


def names_of_2018(state: State) -> State:
    """As RRDB_ESRGAN_x4_old_arch.pth and most files that people made since have them."""
    blocks = len({key.split(".")[1] for key in state if key.startswith("body.")})
    pairs = (*PAIRS_2018, ("conv_body", f"model.1.sub.{blocks}"))
    return _renamed(state, pairs, lambda block, dense, conv: f"model.1.sub.{block}.RDB{dense}.conv{conv}.0")


def _renamed(state: State, pairs, in_block) -> State:
    theirs = dict(pairs)
    renamed: State = {}
    for key, value in state.items():
        layer, _, kind = key.rpartition(".")
        parts = layer.split(".")
        name = in_block(parts[1], parts[2][-1], parts[3][-1]) if parts[0] == "body" else theirs.get(layer, layer)
        renamed[f"{name}.{kind}"] = value
    return renamed
