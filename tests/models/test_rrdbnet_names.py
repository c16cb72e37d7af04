"""ESRGAN's files: three layouts, one network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from u2studio.shared_core.errors import ModelCorrupt
from u2studio.shared_core.models.cards import Network, card
from u2studio.shared_core.models.convert import convert
from u2studio.shared_core.models.identify import identify
from u2studio.shared_core.models.recognise import build, recognise
from u2studio.shared_core.networks.rrdbnet import RRDBNet

from .rrdbnet_layouts import State, names_of_2018, names_of_2019

SMALL = Network(name="rrdbnet", out_channels=3, blocks=2)
LAYOUTS = {
    "Real-ESRGAN": lambda state: {"params_ema": state},
    "BasicSR": lambda state: {"params": state},
    "both averaged and not": lambda state: {"params": {key: 0 * value for key, value in state.items()}, "params_ema": state},
    "2019": names_of_2019,
    "2018": names_of_2018,
    "2018, in parallel": lambda state: {f"module.{key}": value for key, value in names_of_2018(state).items()},
}


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(5)
    return RRDBNet(blocks=2).state_dict()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_picture(state: State, layout: str) -> None:
    found = recognise(LAYOUTS[layout](state), "x")
    assert (found.network, found.batch_norm) == (SMALL, False)
    network, reference = build(found.network, batch_norm=False), RRDBNet(blocks=2)
    network.load_state_dict(found.state, assign=True)
    reference.load_state_dict(state)
    picture = torch.rand(1, 3, 9, 6)
    with torch.inference_mode():
        assert torch.equal(network(picture)[0], reference(picture)[0])


@pytest.mark.parametrize("names", [names_of_2018, names_of_2019], ids=["2018", "2019"])
def test_files_convert(state: State, names, tmp_path: Path) -> None:
    torch.save(names(state), tmp_path / "4x_people.pth")
    made = convert(tmp_path / "4x_people.pth", tmp_path / "people.safetensors")
    assert (str(made.network), made.card_id) == ("2-block ESRGAN, 3 → 3 channels", "")


def test_a_file_of_the_published_size_goes_by_a_card(tmp_path: Path) -> None:
    torch.save(names_of_2018({key: torch.zeros(value.shape) for key, value in build(card("esrgan_x4").network, batch_norm=False).state_dict().items()}),
               tmp_path / "4x-Nomos.pth")  # fmt: skip
    convert(tmp_path / "4x-Nomos.pth", tmp_path / "4x-Nomos.safetensors")
    assert identify(tmp_path / "4x-Nomos.safetensors").task == "upscale"


def test_twice_as_large_is_no_network_of_ours(state: State) -> None:
    """Files for other factors have fewer layers behind the blocks: model.5 is the last but one there."""
    twice = {key.replace("model.8.", "model.5.").replace("model.10.", "model.7."): value for key, value in names_of_2018(state).items()}
    del twice["model.6.weight"], twice["model.6.bias"]
    with pytest.raises(ModelCorrupt, match=r"twice\.pth holds none of the networks known here \(.*ESRGAN\)"):
        recognise(twice, "twice.pth")


def test_a_hole_is_named(state: State) -> None:
    holed = names_of_2019(state)
    del holed["RRDB_trunk.1.RDB3.conv4.bias"]
    with pytest.raises(ModelCorrupt, match=r"x\.pth is not whole: as a 2-block ESRGAN, 3 → 3 channels it lacks body\.1\.rdb3\.conv4\.bias"):
        recognise(holed, "x.pth")
