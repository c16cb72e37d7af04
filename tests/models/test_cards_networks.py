"""Cards whose published files were not run here: files of the same keys and shapes, with random weights, give what their networks give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.recognise import build, recognise
from u2studio.shared_core.networks.folding import fold_batch_norm
from u2studio.shared_core.networks.isnet import ISNet
from u2studio.shared_core.networks.rrdbnet import RRDBNet
from u2studio.shared_core.networks.u2net import U2Net

from .rrdbnet_layouts import names_of_2019

PUBLISHED = {
    "u2net_human_seg": (lambda: U2Net(3, 1), lambda state: {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}),
    "u2net_portrait": (lambda: U2Net(3, 1), lambda state: state),
    "isnet-general-use": (lambda: ISNet(3, 1), lambda state: state),
    "isnet-anime": (
        lambda: ISNet(3, 1),
        lambda state: {"state_dict": {f"net.{key}": value for key, value in state.items()} | {"gt_encoder.conv_in.weight": torch.zeros(1)}},
    ),
    "realesrgan_x4plus": (RRDBNet, lambda state: {"params_ema": state}),
    "esrgan_x4": (RRDBNet, names_of_2019),
    "u2net_cloth_seg": (lambda: U2Net(3, 4), lambda state: {f"module.{key}": value for key, value in state.items()}),
}
"""card id → its network, and how its published file wraps the weights"""


def test_every_card_not_run_is_tested_here() -> None:
    from u2studio.shared_core.models.cards import cards

    assert {one.id for one in cards() if not one.authors_file_run} == set(PUBLISHED)


@pytest.mark.parametrize("card_id", PUBLISHED)
def test_random_weights_survive_the_way(card_id: str) -> None:
    make, wrap = PUBLISHED[card_id]
    torch.manual_seed(8)
    theirs = make().eval()
    for one in theirs.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.running_mean.normal_(0, 0.1)  # pyright: ignore[reportOptionalMemberAccess]
            one.running_var.uniform_(0.5, 1.5)  # pyright: ignore[reportOptionalMemberAccess]
    found = recognise(wrap(theirs.state_dict()), card_id)
    assert found.network == card(card_id).network
    ours = build(found.network, batch_norm=False)
    ours.load_state_dict(fold_batch_norm(found.state), assign=True)
    picture = torch.randn(1, 3, 65, 48) if found.network.name != "rrdbnet" else torch.rand(1, 3, 9, 12)
    with torch.inference_mode():
        for own, other in zip(ours.eval()(picture), theirs(picture), strict=True):
            assert own.shape[1] == card(card_id).network.out_channels
            assert torch.allclose(own.sigmoid(), other.sigmoid(), atol=1e-5)
