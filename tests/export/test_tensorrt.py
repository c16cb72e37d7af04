"""TensorRT, at its seam: a stand-in for the package whose "engines" are the ONNX files, run by ONNX Runtime. No GPU is needed, and none has been used."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.export import Order, export
from u2studio.shared_core.export.tensorrt_engine import require_tensorrt

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


class Engine:
    """Engine and context in one: of any input it is told the shape, then the addresses."""

    def __init__(self, plan: bytes) -> None:
        self.session = onnxruntime.InferenceSession(plan, providers=["CPUExecutionProvider"])
        self.entry, self.result = self.session.get_inputs()[0], self.session.get_outputs()[0]
        self.shape: tuple[int, ...] = ()

    def create_execution_context(self) -> Engine:
        return self

    def get_tensor_name(self, index: int) -> str:
        return (self.entry.name, self.result.name)[index]

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> None:
        assert name == self.entry.name
        self.shape = shape

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert name == self.result.name
        return self._run(np.zeros(self.shape, self._dtype)).shape

    def execute_v2(self, addresses: list[int]) -> bool:
        count = int(np.prod(self.shape)) * self._dtype.itemsize
        made = self._run(np.frombuffer(ctypes.string_at(addresses[0], count), self._dtype).reshape(self.shape))
        ctypes.memmove(addresses[1], made.ctypes.data, made.nbytes)
        return True

    @property
    def _dtype(self) -> np.dtype:
        return np.dtype(np.uint8 if "uint8" in self.entry.type else np.float32)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self.session.run(None, {self.entry.name: batch})[0])


class StandIn:
    """As much of `tensorrt` as is called, and what it was told."""

    NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=1)
    BuilderFlag = SimpleNamespace(TF32="TF32")

    def __init__(self, *, refuses: str = "", builds: bool = True) -> None:
        self.refuses, self.builds = refuses, builds
        self.cleared: list[str] = []
        self.shapes: dict[str, tuple[tuple[int, ...], ...]] = {}
        self.flags = 0
        self.plan = b""
        self.Logger = type("Logger", (), {"ERROR": 1, "__init__": lambda self, level: None})
        self.Builder = lambda logger: self
        self.Runtime = lambda logger: SimpleNamespace(deserialize_cuda_engine=Engine)
        self.OnnxParser = lambda network, logger: self

    def create_network(self, flags: int) -> None:
        self.flags = flags

    def parse(self, text: bytes) -> bool:
        self.plan = text
        return not self.refuses

    def get_error(self, index: int) -> SimpleNamespace:
        return SimpleNamespace(desc=lambda: self.refuses)

    def create_builder_config(self) -> SimpleNamespace:
        return SimpleNamespace(clear_flag=self.cleared.append, add_optimization_profile=lambda profile: 0)

    def create_optimization_profile(self) -> SimpleNamespace:
        return SimpleNamespace(set_shape=lambda name, *shapes: self.shapes.update({name: shapes}))

    def build_serialized_network(self, network: object, config: object) -> bytes | None:
        return self.plan if self.builds else None


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StandIn:
    made = StandIn()
    monkeypatch.setitem(sys.modules, "tensorrt", made)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr("u2studio.shared_core.export.order.require_tensorrt", lambda: None)
    monkeypatch.chdir(tmp_path)
    return made


def test_an_engine_is_built_and_run_again(tiny: Path, stand_in: StandIn) -> None:
    made = export(Order(model=str(tiny), to="tensorrt"))
    assert made.files == (Path("tiny.engine"),)
    assert made.rows[1].name == "TensorRT fp32"
    assert made.rows[1].largest < 1e-4
    assert stand_in.flags == 1 << 1  # strongly typed: formats are those of the graph
    assert stand_in.cleared == ["TF32"]
    assert stand_in.shapes == {"image": ((1, 3, 32, 32), (1, 3, 64, 64), (4, 3, 128, 128))}


def test_from_a_picture_in_half_precision(tiny: Path, stand_in: StandIn) -> None:
    export(Order(model=str(tiny), to="tensorrt", precision="fp16", with_processing=True))
    assert stand_in.shapes["picture"][2] == (4, 4096, 4096, 3)
    weights = [one for one in onnx.load_from_string(stand_in.plan).graph.initializer if one.name.endswith("weight")]
    assert {one.data_type for one in weights} == {onnx.TensorProto.FLOAT16}


def test_bytes_are_signed_around_zero(tiny: Path, hundred: Path, stand_in: StandIn) -> None:
    export(Order(model=str(tiny), to="tensorrt", precision="int8", calibration=hundred))
    points = [one for one in onnx.load_from_string(stand_in.plan).graph.initializer if one.name.endswith("zero_point") and "bias" not in one.name]
    assert points
    assert {one.data_type for one in points} == {onnx.TensorProto.INT8}
    assert not any(onnx.numpy_helper.to_array(one).any() for one in points)


@pytest.mark.parametrize(("refusal", "sentence"), [({"refuses": "no such node"}, "no such node"), ({"builds": False}, "built no engine")])
def test_what_tensorrt_refuses_is_said(tiny: Path, stand_in: StandIn, refusal: dict[str, object], sentence: str) -> None:
    stand_in.__dict__.update(refusal)
    with pytest.raises(BadInput, match=f"TensorRT refuses the graph: .*{sentence}"):
        export(Order(model=str(tiny), to="tensorrt"))
    assert not Path("tiny.engine").exists()


def test_without_the_package_or_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(BadInput, match="TensorRT is not installed"):
        require_tensorrt()
    monkeypatch.setitem(sys.modules, "tensorrt", StandIn())  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="there is none here"):
        require_tensorrt()
