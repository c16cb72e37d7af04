"""Written files, opened by their own runtimes without our code, at sizes they were not traced with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core.export import Order, export
from u2studio.shared_core.export.graph import NetworkGraph
from u2studio.shared_core.export.torchscript import NOTES
from u2studio.shared_core.models.cards import Card
from u2studio.shared_core.models.convert import convert
from u2studio.shared_core.models.load import load

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
ov = pytest.importorskip("openvino")

SHAPES = [(1, 3, 64, 64), (4, 3, 48, 96), (2, 3, 37, 53), (1, 3, 128, 64), (1, 3, 320, 320)]
SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "torchscript": ".pt"}


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def ours(tiny: Path) -> Callable[[Tensor], Tensor]:
    from u2studio.shared_core.models.cards import card

    chosen = card(str(tiny))
    network = load(chosen, tiny.with_name("tiny.safetensors"), torch.device("cpu"))

    def run(batch: Tensor) -> Tensor:
        with torch.inference_mode():
            return NetworkGraph(chosen, network)(batch)

    return run


def run_file(file: Path, batch: np.ndarray) -> np.ndarray:
    if file.suffix == ".onnx":
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: batch})[0]
    if file.suffix == ".xml":
        return ov.Core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([batch])[0]
    return torch.jit.load(str(file))(torch.from_numpy(batch)).detach().numpy()


@pytest.fixture(scope="module")
def files(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A file of a format and a precision, written once."""
    folder, known = tmp_path_factory.mktemp("files"), {}

    def write(to: str, precision: str = "fp32", *, with_processing: bool = False) -> Path:
        key = (to, precision, with_processing)
        if key not in known:
            out = folder / f"{precision}-{with_processing}{SUFFIXES[to]}"
            known[key] = export(Order(model=str(tiny), to=to, out=out, precision=precision, with_processing=with_processing)).files[0]  # pyright: ignore[reportArgumentType]
        return known[key]

    return write


@pytest.mark.parametrize("to", SUFFIXES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_float32_is_our_network_at_every_batch_and_size(files, ours, to: str, shape: tuple[int, ...]) -> None:
    batch = noise(*shape)
    np.testing.assert_allclose(run_file(files(to), batch.numpy()), ours(batch).numpy(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("to", SUFFIXES)
def test_half_precision_is_near_it_and_half_as_large(files, ours, to: str) -> None:
    batch = noise(2, 3, 64, 64)
    made = run_file(files(to, "fp16"), batch.numpy())
    assert made.dtype == np.float32
    assert np.abs(made - ours(batch).numpy()).mean() < 0.002
    kept, full = (file.with_suffix(".bin") if to == "openvino" else file for file in (files(to, "fp16"), files(to)))
    assert kept.stat().st_size < full.stat().st_size * (0.75 if to == "torchscript" else 0.7)


@pytest.mark.parametrize("to", SUFFIXES)
@pytest.mark.parametrize("shape", [(1, 64, 64, 3), (3, 101, 67, 3), (1, 20, 300, 3)], ids=str)
def test_pictures_of_any_size_become_alphas_of_that_size(files, to: str, shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    alpha = run_file(files(to, with_processing=True), pictures)
    assert alpha.shape == shape[:3]
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    np.testing.assert_allclose(alpha, run_file(files("torchscript", with_processing=True), pictures), atol=1e-3)


def test_onnx_holds_standard_operators_only_and_says_what_it_is(files) -> None:
    model = onnx.load(files("onnx"))
    assert {(one.domain, one.version) for one in model.opset_import} == {("", 17)}
    assert {node.domain for node in model.graph.node} == {""}
    names = [[dimension.dim_param or dimension.dim_value for dimension in one.type.tensor_type.shape.dim] for one in (*model.graph.input, *model.graph.output)]
    assert names == [["batch", 3, "height", "width"], ["batch", 1, "height", "width"]]
    notes = {one.key: one.value for one in model.metadata_props}
    assert json.loads(notes["preprocess"])["size"] == 64
    assert notes["output"] == "probability: float32 [batch, classes, height, width], 0..1"


def test_what_was_exported_can_be_converted_back(files, tiny_card: Card, tmp_path: Path) -> None:
    assert tiny_card.folder
    back = convert(files("onnx"), tmp_path / "back.safetensors")
    before = load(tiny_card, tiny_card.folder / "tiny.safetensors", torch.device("cpu")).state_dict()
    after = load(tiny_card, back.path, torch.device("cpu")).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("with_processing", [False, True], ids=["network", "picture to alpha"])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_torchscript_is_tied_to_no_device(files, precision: str, with_processing: bool) -> None:
    program = torch.jit.load(str(files("torchscript", precision, with_processing=with_processing)))
    assert 'prim::Constant[value="cpu"]' not in str(program.inlined_graph)
    assert "aten::new_ones" in str(program.inlined_graph) or not with_processing  # made where the picture is


def test_torchscript_and_openvino_say_what_they_are(files, tiny: Path) -> None:
    notes = {NOTES: ""}
    torch.jit.load(str(files("torchscript")), _extra_files=notes)
    assert json.loads(notes[NOTES])["card"] == str(tiny)
    assert ov.Core().read_model(files("openvino")).get_rt_info(["u2studio", "precision"]).astype(str) == "fp32"
