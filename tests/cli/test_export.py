"""`u2studio export`."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("u2studio.shared_core.cli.export.LANGUAGE", "en")
    monkeypatch.setattr("u2studio.shared_core.export.check.ROUNDS", 1)


def test_the_embedded_model_as_onnx(u2studio, place: Path) -> None:
    pytest.importorskip("onnxruntime")
    ended = u2studio("export", "u2netp", "--to", "onnx", "-o", "out/small.onnx")
    assert ended.status == 0, ended.err
    lines = ended.out.decode().splitlines()
    assert lines[0] == str(Path("out/small.onnx"))
    assert lines[2] == "image: float32 [batch, channels, height, width] → probability: float32 [batch, classes, height, width], 0..1"
    assert [line.split("|")[1].strip() for line in lines[4:]] == ["", "---", "PyTorch fp32", "ONNX Runtime fp32"]
    assert [file.name for file in (place / "out").iterdir()] == ["small.onnx"]


def test_half_and_int8_exclude_each_other(u2studio) -> None:
    ended = u2studio("export", "u2netp", "--to", "onnx", "--half", "--int8")
    assert ended.status == 2
    assert "exclude each other" in ended.err


def test_too_few_pictures_to_calibrate_on(u2studio, place: Path, photo_file: Path) -> None:
    pytest.importorskip("onnxruntime")
    ended = u2studio("export", "u2netp", "--to", "onnx", "--int8", "--calibration", ".")
    assert ended.status == 1
    assert "holds 1 pictures; at least 100 are needed to calibrate INT8" in ended.err
    assert [file.name for file in place.iterdir()] == [photo_file.name]


def test_a_notice_is_said_on_standard_error(u2studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from u2studio.shared_core import export
    from u2studio.shared_core.notices import Notice

    made = export.Exported(files=(Path("a.onnx"),), rows=(), takes="a", makes="b", notices=(Notice("Stopped."),))
    monkeypatch.setattr(export, "export", lambda order, progress: made)
    ended = u2studio("export", "u2netp", "--to", "onnx")
    assert (ended.status, ended.err.strip()) == (0, "u2studio: Stopped.")
