"""The U²-Net family against the published facts: key lists, parameter counts, any input size, folding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from u2studio.shared_core.networks.folding import fold_batch_norm, is_folded
from u2studio.shared_core.networks.isnet import ISNet
from u2studio.shared_core.networks.u2net import NestedUNet, U2Net

LEVELS = {"stage1": 7, "stage2": 6, "stage3": 5, "stage4": 4, "stage5": 4, "stage6": 4}
STAGES = {**LEVELS, **{f"{name}d": levels for name, levels in reversed(LEVELS.items()) if name != "stage6"}}
CONV = ("conv_s1.weight", "conv_s1.bias")
NORM = ("bn_s1.weight", "bn_s1.bias", "bn_s1.running_mean", "bn_s1.running_var", "bn_s1.num_batches_tracked")


def official_keys() -> list[str]:
    """The keys of u2net.pth and u2netp.pth in their order (U-2-Net model/u2net.py)."""
    keys: list[str] = []
    for stage, levels in STAGES.items():
        units = ["rebnconvin", *(f"rebnconv{n}" for n in range(1, levels + 1)), *(f"rebnconv{n}d" for n in range(levels - 1, 0, -1))]
        keys += [f"{stage}.{unit}.{name}" for unit in units for name in (*CONV, *NORM)]
    heads = [*(f"side{n}" for n in range(1, 7)), "outconv"]
    return keys + [f"{head}.{name}" for head in heads for name in ("weight", "bias")]


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Batch-norm statistics as a trained network has them: away from 0 and 1."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, 0, 0.1)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize(
    ("network", "parameters"),
    [(U2Net(), 44_009_869), (U2Net(small=True), 1_131_181), (U2Net(out_channels=4), 44_051_452)],
    ids=["u2net", "u2netp", "clothes"],
)
def test_published_parameter_counts_and_keys(network: NestedUNet, parameters: int) -> None:
    assert sum(one.numel() for one in network.parameters()) == parameters
    assert list(network.state_dict()) == official_keys()
    assert len(official_keys()) == 798
    assert len([key for key in official_keys() if not key.endswith("num_batches_tracked")]) == 686


def test_full_and_small_differ_only_in_shapes() -> None:
    assert U2Net().state_dict()["stage1.rebnconv1.conv_s1.weight"].shape == (32, 64, 3, 3)
    assert U2Net(small=True).state_dict()["stage1.rebnconv1.conv_s1.weight"].shape == (16, 64, 3, 3)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (287, 413)])
def test_any_input_size_gives_seven_maps_of_that_size(size: tuple[int, int]) -> None:
    network = randomised(U2Net(small=True))
    with torch.inference_mode():
        maps = network(torch.rand(1, 3, *size))
    assert [tuple(one.shape) for one in maps] == [(1, 1, *size)] * 7


def test_the_fused_map_is_the_1x1_convolution_of_the_side_logits() -> None:
    network = randomised(U2Net(small=True))
    assert isinstance(network, U2Net)
    with torch.inference_mode():
        fused, *sides = network(torch.rand(1, 3, 64, 48))
        assert torch.allclose(fused, network.outconv(torch.cat(sides, 1)), atol=1e-6)


@pytest.mark.parametrize("make", [lambda **kind: U2Net(small=True, **kind), ISNet], ids=["u2netp", "isnet"])
def test_folding_keeps_the_function(make: Callable[..., NestedUNet]) -> None:
    network = randomised(make())
    folded = make(batch_norm=False).eval()
    state = fold_batch_norm(network.state_dict())
    assert is_folded(state)
    assert not is_folded(network.state_dict())
    folded.load_state_dict(state)
    image = torch.rand(1, 3, 287, 413)
    with torch.inference_mode():
        for ours, theirs in zip(folded(image), network(image), strict=True):
            assert (ours.sigmoid() - theirs.sigmoid()).abs().max() <= 1e-5


def test_isnet_halves_first_and_answers_at_full_size() -> None:
    network = randomised(ISNet())
    assert sum(one.numel() for one in network.parameters()) == 44_046_790
    assert "outconv.weight" not in network.state_dict()
    with torch.inference_mode():
        maps = network(torch.rand(1, 3, 65, 97))
    assert [tuple(one.shape) for one in maps] == [(1, 1, 65, 97)] * 6
