from __future__ import annotations

import collections
import os
import pickle
import tarfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from u2studio.shared_core.errors import BadInput, ModelCorrupt
from u2studio.shared_core.models.cards import Network, card
from u2studio.shared_core.models.convert import convert, read_checkpoint, read_metadata, weights_sha256
from u2studio.shared_core.models.store import sha256


def test_weights_survive_to_the_bit(small_state, small_file: Path, tmp_path: Path) -> None:
    made = convert(small_file, tmp_path / "out" / "x.safetensors")
    stored = load_file(made.path)
    assert set(stored) == set(small_state)
    assert all(torch.equal(stored[key], small_state[key]) for key in stored)
    assert made.network == Network(name="u2net", small=True)
    note = {"card": "", "network": "U²-NetP, 3 → 1 channels", "source_sha256": sha256(small_file), "weights_sha256": weights_sha256(small_state)}
    assert read_metadata(made.path) == note


def test_equal_weights_are_equal_bytes(small_file: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.bin"
    renamed.write_bytes(small_file.read_bytes())
    first = convert(small_file, tmp_path / "1.safetensors").path
    assert first.read_bytes() == convert(renamed, tmp_path / "2.safetensors").path.read_bytes()


@pytest.mark.parametrize("legacy", [True, False], ids=["pickle of 2018", "zip"])
def test_lightning_files_of_either_age(small_state, tmp_path: Path, legacy: bool) -> None:
    state = collections.OrderedDict((f"net.{key}", value) for key, value in small_state.items())
    torch.save({"epoch": 4, "state_dict": state, "lr": [1e-3]}, tmp_path / "last.ckpt", _use_new_zipfile_serialization=not legacy)
    found = read_checkpoint(tmp_path / "last.ckpt")
    assert found.network.small
    assert torch.equal(found.state["side1.bias"], small_state["side1.bias"])


def test_half_precision_is_stored_as_float32(small_state, tmp_path: Path) -> None:
    save_file({key: value.half() if value.is_floating_point() else value for key, value in small_state.items()}, tmp_path / "half.safetensors")
    stored = load_file(convert(tmp_path / "half.safetensors", tmp_path / "x.safetensors").path)
    assert {value.dtype for value in stored.values()} == {torch.float32, torch.int64}


class _Payload:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("how", ["torch", "torch legacy", "bare pickle"])
def test_files_that_would_run_code_stay_closed(tmp_path: Path, small_state, how: str) -> None:
    trace, file = tmp_path / "was here", tmp_path / "evil.pth"
    if how == "bare pickle":
        file.write_bytes(pickle.dumps(_Payload(trace)))
    else:
        torch.save({"state_dict": small_state, "callback": _Payload(trace)}, file, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(BadInput, match=r"evil\.pth holds more than weights: opening it would run code"):
        convert(file, tmp_path / "x.safetensors")
    assert not trace.exists()
    assert not (tmp_path / "x.safetensors").exists()


def test_whole_pickled_modules_stay_closed(tmp_path: Path) -> None:
    torch.save(nn.Conv2d(1, 1, 1), tmp_path / "module.pth")
    with pytest.raises(BadInput, match="holds more than weights"):
        read_checkpoint(tmp_path / "module.pth")


def test_torchscript_stays_closed(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Conv2d(1, 1, 1)), tmp_path / "script.pt")
    with pytest.raises(BadInput, match="TorchScript"):
        read_checkpoint(tmp_path / "script.pt")


def test_tar_archives_stay_closed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "old.pth", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("\x80\x02storages"))  # looks like a pickle at first sight
    assert (tmp_path / "old.pth").read_bytes()[:2] == b"\x80\x02"
    with pytest.raises(BadInput, match=r"old\.pth is a tar archive"):
        read_checkpoint(tmp_path / "old.pth")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html>Too many requests</html>", "is a web page"),
        (b"PK\x03\x04 and then nothing", "is damaged"),
        (b"\x80\x02garbage", "is damaged"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{not json at all", "is damaged"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff{}", "is damaged"),
        (b"just some text, no model", "is damaged or no ONNX file"),
        (bytes(range(256)) * 8, "is damaged or no ONNX file"),
    ],
)
def test_garbage_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    pytest.importorskip("onnx")
    (tmp_path / "weird.pth").write_bytes(content)
    with pytest.raises(ModelCorrupt, match=rf"weird\.pth {sentence}"):
        read_checkpoint(tmp_path / "weird.pth")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_cut_short(tmp_path: Path, small_state, small_file: Path, kept: float, suffix: str) -> None:
    whole = small_file if suffix == ".pth" else convert(small_file, tmp_path / "whole.safetensors").path
    content = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(ModelCorrupt, match="is damaged"):
        read_checkpoint(cut)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.pth cannot be read: No such file"):
        read_checkpoint(tmp_path / "none.pth")
    with pytest.raises(BadInput, match="cannot be read"):
        read_checkpoint(tmp_path)


def test_an_existing_target_is_kept_unless_asked(small_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.safetensors"
    target.write_text("mine")
    with pytest.raises(BadInput, match="exists already"):
        convert(small_file, target)
    assert target.read_text() == "mine"
    convert(small_file, target, overwrite=True)
    assert read_checkpoint(target).network.small


def test_a_failed_write_leaves_nothing(small_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(state: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("u2studio.shared_core.models.convert.save_file", disk_full)
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match=r"cannot be written: .*No space left"):
        convert(small_file, tmp_path / "out" / "x.safetensors")
    assert not list((tmp_path / "out").iterdir())


def test_only_safetensors_are_written(small_file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"x\.pth must end in \.safetensors"):
        convert(small_file, tmp_path / "x.pth")


def test_the_wrong_network_for_a_card(small_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="holds U²-NetP, 3 → 1 channels; the model 'u2net' is U²-Net, 3 → 1 channels"):
        convert(small_file, tmp_path / "x.safetensors", card=card("u2net"))


def test_without_the_onnx_package_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    (tmp_path / "x.onnx").write_bytes(b"\x08\x06\x12\x07pytorch")
    with pytest.raises(BadInput, match=r'pip install "u2studio\[convert\]"'):
        read_checkpoint(tmp_path / "x.onnx")
