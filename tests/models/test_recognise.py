from __future__ import annotations

import pytest
import torch

from u2studio.shared_core.errors import ModelCorrupt
from u2studio.shared_core.models.cards import Network
from u2studio.shared_core.models.recognise import recognise

NETWORKS = [
    Network(name="u2net"),
    Network(name="u2net", small=True),
    Network(name="u2net", out_channels=4),
    Network(name="u2net", small=True, in_channels=6),
    Network(name="isnet"),
    Network(name="isnet", in_channels=1, out_channels=2),
]


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_networks_are_told_apart_by_keys_and_shapes(shapes, network: Network, batch_norm: bool) -> None:
    state = shapes(batch_norm=batch_norm, **vars(network))
    found = recognise(state, "x")
    assert (found.network, found.batch_norm) == (network, batch_norm)
    assert list(found.state) == list(state)


def test_the_published_key_counts(shapes) -> None:
    now = shapes()
    then = {key: value for key, value in now.items() if not key.endswith("num_batches_tracked")}
    assert (len(now), len(then), len(shapes(batch_norm=False))) == (798, 686, 238)
    assert set(recognise(then, "x").state) == set(now)


def test_missing_counters_are_zero(small_state) -> None:
    then = {key: value for key, value in small_state.items() if not key.endswith("num_batches_tracked")}
    filled = recognise(then, "x").state
    assert len(then) == 686
    assert filled["stage1.rebnconvin.bn_s1.num_batches_tracked"] == 0
    assert torch.equal(filled["outconv.weight"], small_state["outconv.weight"])


@pytest.mark.parametrize("prefix", ["module.", "net.", "model.", "_orig_mod.", "module.model.", "model.net."])
@pytest.mark.parametrize("container", [None, "state_dict", "model", "model_state_dict", "params"])
def test_wrappers_are_taken_off(shapes, prefix: str, container: str | None) -> None:
    state = shapes(small=True)
    wrapped: dict[str, object] = {prefix + key: value for key, value in state.items()}
    loaded = wrapped if container is None else {"epoch": 3, container: wrapped, "optimizer": {"state": {}}}
    assert list(recognise(loaded, "x").state) == list(state)


def test_the_anime_checkpoints_teacher_is_left_out(shapes) -> None:
    state = shapes(name="isnet")
    lightning = {f"net.{key}": value for key, value in state.items()} | {f"gt_encoder.{key}": value for key, value in state.items()}
    assert list(recognise({"state_dict": lightning, "pytorch-lightning_version": "1.9"}, "x").state) == list(state)


def test_the_input_is_not_modified(shapes) -> None:
    state = {key: value for key, value in shapes().items() if not key.endswith("num_batches_tracked")}
    recognise(state, "x")
    assert len(state) == 686


@pytest.mark.parametrize(
    "loaded",
    [
        [],
        3,
        {},
        {"weight": torch.zeros(3)},
        {"state_dict": {"encoder.0.weight": torch.zeros(1, 1, 3, 3)}},
        {"stage1.rebnconvin.conv_s1.weight": torch.zeros(3)},
    ],
    ids=str,
)
def test_foreign_checkpoints_are_refused(loaded: object) -> None:
    with pytest.raises(ModelCorrupt, match=r"sky\.pth holds no"):
        recognise(loaded, "sky.pth")


def test_a_hole_is_named(shapes) -> None:
    state = shapes()
    del state["stage3d.rebnconv2.bn_s1.bias"]
    with pytest.raises(ModelCorrupt, match=r"sky\.pth is not whole: as a U²-Net, 3 → 1 channels it lacks stage3d\.rebnconv2\.bn_s1\.bias"):
        recognise(state, "sky.pth")


def test_a_wrong_shape_is_named(shapes) -> None:
    state = shapes()
    state["side4.weight"] = torch.zeros(1, 100, 3, 3)
    with pytest.raises(ModelCorrupt, match=r"side4\.weight has the shape 1×100×3×3 where 1×256×3×3 is due"):
        recognise(state, "sky.pth")


def test_something_extra_is_named(shapes) -> None:
    with pytest.raises(ModelCorrupt, match=r"also holds attention\.weight"):
        recognise(shapes() | {"attention.weight": torch.zeros(1)}, "sky.pth")
