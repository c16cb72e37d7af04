from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from u2studio.shared_core.errors import BadInput, ModelCorrupt
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.convert import convert
from u2studio.shared_core.models.load import load
from u2studio.shared_core.models.store import EMBEDDED
from u2studio.shared_core.networks.u2net import U2Net

CPU = torch.device("cpu")
DEFAULT = EMBEDDED / "u2netp.safetensors"


def test_batch_norm_is_folded_on_the_way(small_state, small_file: Path, tmp_path: Path) -> None:
    unfolded = U2Net(small=True)
    unfolded.load_state_dict(small_state)
    unfolded.eval()
    folded = load(card("u2netp"), convert(small_file, tmp_path / "x.safetensors").path, CPU)
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for ours, theirs in zip(folded(picture), unfolded(picture), strict=True):
            assert torch.allclose(torch.sigmoid(ours), torch.sigmoid(theirs), atol=1e-5)
    assert not folded.training
    assert not any(one.requires_grad for one in folded.parameters())
    assert not list(folded.buffers())


def test_the_cards_network_and_no_other() -> None:
    with pytest.raises(ModelCorrupt, match=r"u2netp\.safetensors holds U²-NetP, 3 → 1 channels; the model 'u2net' is U²-Net, 3 → 1 channels"):
        load(card("u2net"), DEFAULT, CPU)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite(tmp_path: Path, bad: float) -> None:
    state = load_file(DEFAULT)
    state["side3.weight"][0, 0, 0, 0] = bad
    save_file(state, tmp_path / "x.safetensors")
    with pytest.raises(ModelCorrupt, match=r"side3\.weight holds numbers that are not finite"):
        load(card("u2netp"), tmp_path / "x.safetensors", CPU)


@pytest.mark.parametrize("content", [b"", b"short", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", DEFAULT.read_bytes()[:-1], DEFAULT.read_bytes()[:1000]])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"x\.safetensors"):
        load(card("u2netp"), tmp_path / "x.safetensors", CPU)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load(card("u2netp"), tmp_path / "x.safetensors", CPU)
