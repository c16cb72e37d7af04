"""INT8: which layers multiply bytes, and what it is calibrated on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.export import Order, export
from u2studio.shared_core.export.graph import NetworkGraph, PictureGraph
from u2studio.shared_core.export.int8 import MOST, calibration_batches, write_int8
from u2studio.shared_core.export.onnx_file import write_onnx
from u2studio.shared_core.models.cards import Card
from u2studio.shared_core.models.load import load

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def graph(tiny: Path) -> NetworkGraph:
    from u2studio.shared_core.models.cards import card

    return NetworkGraph(card(str(tiny)), load(card(str(tiny)), tiny.with_name("tiny.safetensors"), torch.device("cpu")))


def quantized(file: Path) -> dict[str, bool]:
    """Of each convolution, whether its input and its weights come out of bytes."""
    nodes = onnx.load(file).graph.node
    makers = {name: node.op_type for node in nodes for name in node.output}
    return {node.name: [makers.get(name) for name in node.input[:2]] == ["DequantizeLinear"] * 2 for node in nodes if node.op_type == "Conv"}


@pytest.mark.parametrize("symmetric", [False, True], ids=["", "symmetric"])
def test_all_convolutions_but_the_heads_and_those_named(graph: NetworkGraph, tmp_path: Path, symmetric: bool) -> None:
    batches = [torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    write_onnx(graph, torch.rand(1, 3, 48, 80), tmp_path / "a.onnx", {})
    write_int8(tmp_path / "a.onnx", tmp_path / "b.onnx", ["stage2d.rebnconv1d", "stage2d.rebnconv2d"], batches, symmetric=symmetric)
    found = quantized(tmp_path / "b.onnx")
    exact = {name for name, is_quantized in found.items() if not is_quantized}
    heads = {f"/net/side{number}/Conv" for number in range(1, 7)} | {"/net/outconv/Conv"}
    assert exact == {"/net/stage2d/rebnconv1d/conv_s1/Conv", "/net/stage2d/rebnconv2d/conv_s1/Conv"} | heads
    zeros = [one for one in onnx.load(tmp_path / "b.onnx").graph.initializer if one.name.endswith("Relu_output_0_zero_point")]
    assert {one.data_type for one in zeros} == {onnx.TensorProto.INT8 if symmetric else onnx.TensorProto.UINT8}


def test_of_two_networks_the_one_with_processing_is_calibrated_on_pictures(graph: NetworkGraph, tiny_card: Card, hundred: Path) -> None:
    count, batches = calibration_batches(hundred, graph, tiny_card)
    assert count == 100
    first = next(batches)
    assert (first.shape, first.dtype) == ((1, 3, 64, 64), torch.float32)
    first = next(calibration_batches(hundred, PictureGraph(tiny_card, graph.net), tiny_card)[1])
    assert (first.shape, first.dtype) == ((1, 32, 40, 3), torch.uint8)


def test_fewer_than_a_hundred_pictures_are_refused(graph: NetworkGraph, tiny_card: Card, hundred: Path) -> None:
    with pytest.raises(BadInput, match=r"holds 75 pictures; at least 100"):
        calibration_batches(hundred / "more", graph, tiny_card)


def test_of_very_many_some_are_taken_from_everywhere(graph: NetworkGraph, tiny_card: Card, tmp_path: Path, hundred: Path) -> None:
    one = next(hundred.glob("*.png")).read_bytes()
    for number in range(MOST + 50):
        (tmp_path / f"{number:04}.png").write_bytes(one)
    count, batches = calibration_batches(tmp_path, graph, tiny_card)
    assert count == len(list(batches)) == MOST


@pytest.mark.parametrize("to", ["onnx", "openvino"])
def test_it_is_written_and_run_again(tiny: Path, hundred: Path, tmp_path: Path, to: str) -> None:
    out = tmp_path / ("a.onnx" if to == "onnx" else "a.xml")
    notes: list[tuple[int, int, str]] = []
    made = export(
        Order(model=str(tiny), to=to, out=out, precision="int8", calibration=hundred),  # pyright: ignore[reportArgumentType]
        lambda done, total, note: notes.append((done, total, note)),
    )
    assert (100, 100, "Calibrating") in notes
    row = made.rows[1]
    assert 0 < row.strays.mean < 0.1
    assert made.notices == () if row.strays.mean <= 0.01 else made.notices[0].text().startswith("INT8 costs more than 0.01 here")
