"""The three ways in which published files name the weights of ESRGAN's generator, and the one that is ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

__all__ = ["ANCHORS", "blocks_in", "own_names"]

ANCHORS = ("body.0.rdb1.conv1.weight", "RRDB_trunk.0.RDB1.conv1.weight", "model.1.sub.0.RDB1.conv1.0.weight")
"""a key of each: Real-ESRGAN's, which is ours; ESRGAN's of 2019; ESRGAN's of 2018, in which most files that people made since are"""
LAYERS_OF_2019 = {"RRDB_trunk": "body", "trunk_conv": "conv_body", "upconv1": "conv_up1", "upconv2": "conv_up2", "HRconv": "conv_hr"}
LAYERS_OF_2018 = {"model.0": "conv_first", "model.3": "conv_up1", "model.6": "conv_up2", "model.8": "conv_hr", "model.10": "conv_last"}


def own_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under the names of `networks.rrdbnet`. Keys that belong to none of the layouts stay, so that the caller can name them."""
    if ANCHORS[1] in state:
        return {_own_of_2019(key): value for key, value in state.items()}
    if ANCHORS[2] in state:
        return {_own_of_2018(key): value for key, value in state.items()}
    return dict(state)


def blocks_in(state: Mapping[str, Tensor]) -> int:
    """How many residual blocks there are, under our names."""
    return len({key.split(".")[1] for key in state if key.startswith("body.")})


def _own_of_2019(key: str) -> str:
    layer, dot, rest = key.partition(".")
    return LAYERS_OF_2019.get(layer, layer) + dot + re.sub(r"^(\d+)\.RDB(\d)\.", r"\1.rdb\2.", rest)


def _own_of_2018(key: str) -> str:
    if found := re.fullmatch(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(\w+)", key):
        return "body.{}.rdb{}.conv{}.{}".format(*found.groups())
    if found := re.fullmatch(r"model\.1\.sub\.\d+\.(weight|bias)", key):  # the convolution after the blocks counts as one more of them
        return f"conv_body.{found[1]}"
    layer, _, kind = key.rpartition(".")
    return f"{LAYERS_OF_2018.get(layer, layer)}.{kind}"
