"""Networks of ours exported to ONNX and read back, with names and without, batch-norm kept and folded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from u2studio.shared_core.errors import ModelCorrupt
from u2studio.shared_core.models.cards import Network
from u2studio.shared_core.models.convert import read_checkpoint
from u2studio.shared_core.models.onnx_weights import _convolutions_in_order
from u2studio.shared_core.networks.folding import fold_batch_norm

onnx = pytest.importorskip("onnx")


def _graph_of(network: Network, state: dict[str, torch.Tensor], *, dilate: int = 0):
    """An ONNX file of nameless convolutions in call order, as exporters that fold batch-norm write it."""
    nodes, stored = [], []
    for index, (name, like) in enumerate(_convolutions_in_order(network)):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        names = [f"x{index}", f"{2 * index + 1000}", f"{2 * index + 1001}"]
        nodes.append(onnx.helper.make_node("Conv", names, [f"x{index + 1}"], dilations=[like.dilation[0] + dilate] * 2, strides=list(like.stride)))
        stored += [onnx.numpy_helper.from_array(value.numpy(), name) for value, name in zip((weight, bias), names[1:], strict=True)]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "main", [], [], stored))


def test_folded_and_nameless(small_state, tmp_path: Path) -> None:
    network, folded = Network(name="u2net", small=True), fold_batch_norm(small_state)
    onnx.save(_graph_of(network, folded), tmp_path / "x.onnx")
    found = read_checkpoint(tmp_path / "x.onnx")
    assert (found.network, found.batch_norm) == (network, False)
    assert all(torch.equal(found.state[key], folded[key]) for key in folded)


def test_isnet_begins_with_its_entry(tmp_path: Path, shapes) -> None:
    network = Network(name="isnet")
    generator = torch.Generator().manual_seed(3)
    state = {key: torch.rand(like.shape, generator=generator) for key, like in shapes(name="isnet", batch_norm=False).items()}
    onnx.save(_graph_of(network, state), tmp_path / "x.onnx")
    found = read_checkpoint(tmp_path / "x.onnx")
    assert found.network == network
    assert torch.equal(found.state["conv_in.weight"], state["conv_in.weight"])
    assert torch.equal(found.state["side6.bias"], state["side6.bias"])


def test_names_are_used_where_kept(small_state, tmp_path: Path) -> None:
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["a"], ["b"])],
        "main",
        [],
        [],
        [onnx.numpy_helper.from_array(value.numpy(), key) for key, value in small_state.items()],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "x.onnx")
    found = read_checkpoint(tmp_path / "x.onnx")
    assert found.batch_norm
    assert torch.equal(found.state["stage1.rebnconvin.bn_s1.running_var"], small_state["stage1.rebnconvin.bn_s1.running_var"])


def test_other_dilations_are_another_network(small_state, tmp_path: Path) -> None:
    onnx.save(_graph_of(Network(name="u2net", small=True), fold_batch_norm(small_state), dilate=1), tmp_path / "x.onnx")
    with pytest.raises(ModelCorrupt, match=r"x\.onnx is no U²-NetP, 3 → 1 channels as we know it: its convolution for stage1\.rebnconvin\.conv_s1 differs"):
        read_checkpoint(tmp_path / "x.onnx")


def test_a_small_foreign_graph(tmp_path: Path) -> None:
    weight = onnx.numpy_helper.from_array(torch.zeros(8, 3, 3, 3).numpy(), "w")
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([onnx.helper.make_node("Conv", ["x", "w"], ["y"])], "g", [], [], [weight])), tmp_path / "x.onnx")
    with pytest.raises(ModelCorrupt, match="holds none of the networks"):
        read_checkpoint(tmp_path / "x.onnx")
