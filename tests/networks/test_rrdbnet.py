"""ESRGAN's generator against answers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from u2studio.shared_core.networks.rrdbnet import RRDBNet


@pytest.fixture
def passing() -> RRDBNet:
    """One block of zeros; every other convolution hands the first three channels on."""
    network = RRDBNet(blocks=1)
    for name, parameter in network.named_parameters():
        parameter.data.zero_()
        if name.endswith("weight") and not name.startswith("body"):
            for channel in range(3):
                parameter.data[channel, channel, 1, 1] = 1
    network.conv_body.weight.data.zero_()
    return network.eval()


def _run(network: RRDBNet, picture: Tensor) -> Tensor:
    with torch.inference_mode():
        (made,) = network(picture)
    return made


def test_without_blocks_a_pixel_becomes_sixteen(passing: RRDBNet) -> None:
    picture = torch.rand(2, 3, 5, 7)
    torch.testing.assert_close(_run(passing, picture), picture.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_residuals_count_a_fifth_in_both_depths(passing: RRDBNet) -> None:
    """Each dense block adds 0.2·1 to what it gets; the three of them, a fifth of 1.2x + 0.12 beside x, and the trunk's way round adds x."""
    for name, parameter in passing.named_parameters():
        if name.endswith("conv5.bias"):
            parameter.data.fill_(1)
    for channel in range(3):
        passing.conv_body.weight.data[channel, channel, 1, 1] = 1
    assert _run(passing, torch.full((1, 3, 4, 4), 0.5)).unique().tolist() == pytest.approx([0.5 + 1.2 * 0.5 + 0.12])


def test_what_is_below_zero_leaks_by_a_fifth_at_each_of_three_layers(passing: RRDBNet) -> None:
    assert _run(passing, torch.full((1, 3, 2, 2), -1.0)).unique().tolist() == pytest.approx([-(0.2**3)])


def test_the_published_size() -> None:
    with torch.device("meta"):
        assert sum(one.numel() for one in RRDBNet().parameters()) == 16_697_987
