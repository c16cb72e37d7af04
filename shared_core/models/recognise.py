"""Which network a checkpoint is for, read off its keys and shapes; never off its file name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..errors import ModelCorrupt
from ..networks.folding import is_folded
from ..networks.isnet import ISNet
from ..networks.rrdbnet import RRDBNet
from ..networks.u2net import LARGE_STAGES, SMALL_STAGES, U2Net
from .cards import Network
from .rrdbnet_names import ANCHORS as RRDBNET_ANCHORS
from .rrdbnet_names import blocks_in, own_names

__all__ = ["Recognised", "build", "recognise"]

CONTAINERS = ("params_ema", "state_dict", "model_state_dict", "model", "params")
"""keys under which training programs put the weights; where several do, the first: averaged weights are the better ones"""
WRAPPERS = ("module.", "net.", "model.", "_orig_mod.")
"""prefixes of DataParallel, Lightning and torch.compile"""
ANCHOR = "stage1.rebnconvin.conv_s1.weight"
COUNTER = ".num_batches_tracked"
"""missing in files of PyTorch 0.4, the authors' among them"""
TELLING = {
    "u2net": (ANCHOR, "stage1.rebnconv1.conv_s1.weight", "side1.weight"),
    "isnet": ("conv_in.weight", "stage1.rebnconv1.conv_s1.weight", "side1.weight"),
    "rrdbnet": ("conv_first.weight", RRDBNET_ANCHORS[0], "conv_last.weight"),
}
"""network → weights that every file of it has: what takes the picture, one inside, what gives the result"""
TRAINING_ONLY = ("gt_encoder.",)
"""IS-Net's teacher, which lies in Lightning files beside the network"""


class Recognised(NamedTuple):
    """A network, whether its weights still hold batch-norm, and the weights under the network's own names, complete."""

    network: Network
    batch_norm: bool
    state: dict[str, Tensor]


def build(network: Network, *, batch_norm: bool) -> nn.Module:
    """The network without weights, on the meta device: it takes no memory."""
    with torch.device("meta"):
        if network.name == "rrdbnet":
            return RRDBNet(network.in_channels, network.out_channels, network.blocks)
        if network.name == "isnet":
            return ISNet(network.in_channels, network.out_channels, batch_norm=batch_norm)
        return U2Net(network.in_channels, network.out_channels, small=network.small, batch_norm=batch_norm, extra_level=network.extra_level,
                     separable=network.separable, mid=network.mid)  # fmt: skip


def recognise(loaded: object, file: str) -> Recognised:
    """Find the network a loaded checkpoint is for.

    Args:
        loaded: what the file held: a state dict, or a container with one inside; tensors on any device. Not modified.
        file: its name, for the error texts only.
    Raises: ModelCorrupt, when it is none of our networks or not all of one.
    """
    state = own_names(_unwrapped(_unpacked(loaded, file), file))
    network = _network(state, file)
    batch_norm = not is_folded(state)
    expected = build(network, batch_norm=batch_norm).state_dict()
    for key, like in expected.items():
        if key.endswith(COUNTER):
            state.setdefault(key, torch.zeros((), dtype=torch.long, device=state[ANCHOR].device))
        elif key not in state:
            raise ModelCorrupt("{file} is not whole: as a {network} it lacks {key}.", file=file, network=str(network), key=key)
        elif state[key].shape != like.shape:
            found, wanted = ("×".join(map(str, shape)) for shape in (state[key].shape, like.shape))
            raise ModelCorrupt("{file} is no {network} as we know it: {key} has the shape {found} where {wanted} is due.",
                               file=file, network=str(network), key=key, found=found, wanted=wanted)  # fmt: skip
    for key in state:
        if key not in expected:
            raise ModelCorrupt("{file} is no {network} as we know it: it also holds {key}.", file=file, network=str(network), key=key)
    return Recognised(network, batch_norm, {key: state[key] for key in expected})


def _unpacked(loaded: object, file: str) -> dict[str, Tensor]:
    """The tensors of the innermost container."""
    while isinstance(loaded, Mapping):
        inner = next((loaded[name] for name in CONTAINERS if isinstance(loaded.get(name), Mapping)), None)
        if inner is None:
            return {key: value for key, value in loaded.items() if isinstance(key, str) and isinstance(value, Tensor)}
        loaded = inner
    raise ModelCorrupt("{file} holds no named weights.", file=file)


def _unwrapped(state: dict[str, Tensor], file: str) -> dict[str, Tensor]:
    """The state without wrappers' prefixes and without what only training needs."""
    for key in state:
        prefix = next((key.removesuffix(one) for one in (ANCHOR, *RRDBNET_ANCHORS) if key.endswith(one)), None)
        if prefix is not None and _is_wrapping(prefix):
            bare = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            return {key: value for key, value in bare.items() if not key.startswith(TRAINING_ONLY)}
    raise _unknown(file)


def _unknown(file: str) -> ModelCorrupt:
    return ModelCorrupt("{file} holds none of the networks known here (U²-Net, U²-NetP, IS-Net, ESRGAN).", file=file)


def _is_wrapping(prefix: str) -> bool:
    while prefix:
        wrapper = next((one for one in WRAPPERS if prefix.startswith(one)), None)
        if wrapper is None:
            return False
        prefix = prefix.removeprefix(wrapper)
    return True


def _network(state: dict[str, Tensor], file: str) -> Network:
    """Name and arguments, from a few shapes."""
    name = "rrdbnet" if RRDBNET_ANCHORS[0] in state else "isnet" if "conv_in.weight" in state else "u2net"
    entry, _, head = TELLING[name]
    if any(key not in state or state[key].ndim != 4 for key in TELLING[name]):
        raise _unknown(file)
    network = Network(name=name, in_channels=state[entry].shape[1], out_channels=state[head].shape[0])
    if name == "rrdbnet":
        return dataclasses.replace(network, blocks=blocks_in(state))
    return _variant(network, state) if name == "u2net" else network


def _variant(network: Network, state: dict[str, Tensor]) -> Network:
    """Which U²-Net."""
    second, inner = state.get("stage2.rebnconvin.conv_s1.weight"), [state.get(f"{stage}.rebnconv2.conv_s1.weight") for stage in LARGE_STAGES]
    small = second is not None and second.shape[0] == SMALL_STAGES["stage2"][3]
    mid = tuple(one.shape[0] for one in inner if one is not None)
    published = tuple(one[2] for one in (SMALL_STAGES if small else LARGE_STAGES).values())
    return dataclasses.replace(
        network,
        small=small,
        extra_level="stage1.rebnconv8.conv_s1.weight" in state,
        separable="stage1.rebnconvin.depth_s1.weight" in state,
        mid=() if mid == published or len(mid) != len(published) else mid,
    )
