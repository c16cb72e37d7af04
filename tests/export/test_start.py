"""What is refused, what is kept, and what the user is told."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from u2studio.shared_core.errors import BadInput, ModelCorrupt
from u2studio.shared_core.export import Order, export, start
from u2studio.shared_core.export.check import Row, fits
from u2studio.shared_core.models.precision import Difference
from u2studio.shared_core.models.store import EMBEDDED


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def straying(monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    opened = start.open_torchscript

    def off(file: Path):
        run = opened(file)
        return lambda batch: run(batch) + by * torch.linspace(0, 1, batch.shape[-1])

    monkeypatch.setattr(start, "open_torchscript", off)


def test_a_file_of_weights_is_known_by_its_shapes(place: Path) -> None:
    torch.save(load_file(EMBEDDED / "u2netp.safetensors"), place / "mine.pth")
    chosen, weights = start._found("mine.pth", place)
    assert chosen.id == "u2netp"
    assert weights == place / "mine.safetensors"


def test_weights_that_no_card_describes_are_refused(tiny: Path) -> None:
    with pytest.raises(ModelCorrupt, match="no model known here describes"):
        export(Order(model=str(tiny.with_name("tiny.safetensors")), to="torchscript"))


def test_the_table_has_ours_first_and_what_it_cost(tiny: Path) -> None:
    ours, theirs = export(Order(model=str(tiny), to="torchscript")).rows
    assert (ours.name, theirs.name) == ("PyTorch fp32", "TorchScript fp32")
    assert ours.largest == ours.elsewhere == 0
    assert theirs.size == Path("tiny.pt").stat().st_size
    assert 0 < theirs.seconds < 60


@pytest.mark.parametrize("by", [0.01, float("nan")])
def test_a_file_that_strays_is_not_kept(tiny: Path, place: Path, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    straying(monkeypatch, by)
    (place / "tiny.pt").write_bytes(b"as it was")
    with pytest.raises(ModelCorrupt, match=r"strays from our own network"):
        export(Order(model=str(tiny), to="torchscript", overwrite=True))
    assert (place / "tiny.pt").read_bytes() == b"as it was"
    assert [file.name for file in place.iterdir()] == ["tiny.pt"]


def test_another_shape_strays(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = start.open_torchscript
    monkeypatch.setattr(start, "open_torchscript", lambda file: lambda batch: opened(file)(batch)[..., :32])
    with pytest.raises(ModelCorrupt, match="nan"):
        export(Order(model=str(tiny), to="torchscript"))


def row(largest: float, mean: float, elsewhere: float) -> Row:
    return Row("", 0, 0.0, largest, Difference(mean=mean, worst=mean, flips=0.0), elsewhere)


@pytest.mark.parametrize(
    ("precision", "good", "bad"),
    [
        ("fp32", row(0.0009, 0.0, 0.0009), [row(0.0011, 0.0, 0.0), row(0.0, 0.0, 0.0011), row(0.0, float("nan"), 0.0)]),
        ("fp16", row(0.9, 0.0009, 0.04), [row(0.0, 0.0011, 0.0), row(0.0, 0.0, 0.06), row(0.0, float("nan"), 0.0)]),
        ("int8", row(0.9, 0.0099, 0.9), [row(0.0, 0.011, 0.0), row(0.0, float("nan"), 0.0), row(0.0, 0.0, float("nan"))]),
    ],
)
def test_what_each_precision_promises(precision: str, good: Row, bad: list[Row]) -> None:
    assert fits(precision, 320, good)
    assert not any(fits(precision, 320, one) for one in bad)


def test_a_file_that_is_there_is_replaced_only_when_asked(tiny: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "tiny.pt").write_bytes(b"as it was")
    monkeypatch.setattr(start, "load", lambda *_: pytest.fail("no work before the place is known to be free"))
    with pytest.raises(BadInput, match="already there"):
        export(Order(model=str(tiny), to="torchscript"))
    assert (place / "tiny.pt").read_bytes() == b"as it was"
    monkeypatch.undo()
    monkeypatch.chdir(place)
    export(Order(model=str(tiny), to="torchscript", overwrite=True))
    assert len((place / "tiny.pt").read_bytes()) > 1000


def test_neither_half_of_openvinos_two_files_is_replaced_unasked(tiny: Path, place: Path) -> None:
    pytest.importorskip("openvino")
    (place / "tiny.bin").write_bytes(b"as it was")
    with pytest.raises(BadInput, match=r"tiny\.bin is already there"):
        export(Order(model=str(tiny), to="openvino"))


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"to": "coreml"}, "There is no format 'coreml'; there are: onnx, openvino, torchscript, tensorrt."),
        ({"to": "torchscript", "precision": "int8", "calibration": Path()}, "TorchScript has no place for it"),
        ({"to": "onnx", "precision": "int8"}, "give both or neither"),
        ({"to": "onnx", "calibration": Path()}, "give both or neither"),
        ({"to": "torchscript", "out": Path("a.onnx")}, "a.onnx must end in .pt."),
        ({"to": "torchscript", "model": "u2nett"}, "There is no model 'u2nett'"),
    ],
)
def test_orders_that_cannot_be_met(order: dict[str, object], sentence: str, place: Path) -> None:
    with pytest.raises(BadInput) as refused:
        export(Order(**{"model": "u2netp", **order}))  # pyright: ignore[reportArgumentType]
    assert sentence in str(refused.value)
    assert not list(place.iterdir())


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr("u2studio.shared_core.export.order.find_spec", lambda name: None if name.startswith("onnx") else there(name))
    with pytest.raises(BadInput, match=r'onnx, onnxruntime must be installed: pip install "u2studio\[export\]"'):
        export(Order(model="u2netp", to="onnx"))


def test_variants_that_cannot_be_rewritten_stay_in_float32(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from u2studio.shared_core.models.cards import Network
    from u2studio.shared_core.models.recognise import build

    network = Network(name="u2net", small=True, separable=True)
    state: dict[str, Tensor] = {name: torch.randn(one.shape) * 0.1 for name, one in build(network, batch_norm=False).state_dict().items()}
    save_file(state, tmp_path / "split.safetensors")
    text = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8").split('CARD = """')[1].split('"""')[0]
    text = text.replace("small = true, mid = [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]", "small = true, separable = true").replace("tiny.s", "split.s")
    (tmp_path / "card.toml").write_text(text, encoding="utf-8")
    assert export(Order(model="card.toml", to="torchscript")).files == (Path("split.pt"),)
    with pytest.raises(BadInput, match="separable, 3 → 1 channels is exported in float32 only"):
        export(Order(model="card.toml", to="torchscript", precision="fp16"))
