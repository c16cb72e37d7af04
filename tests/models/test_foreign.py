"""Files that rembg and ComfyUI left here are found, converted once, and left as they are."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from u2studio.shared_core.errors import ModelCorrupt, ModelMissing
from u2studio.shared_core.models import convert as module
from u2studio.shared_core.models.cards import Card, card
from u2studio.shared_core.models.foreign import extra_model_paths, foreign_places
from u2studio.shared_core.models.prepare import prepare
from u2studio.shared_core.models.store import converted_folder, where

YAML = """\
# a comment
a111:
    base_path: /elsewhere/webui

    u2net: models/U2   # where the packs look
    loras: |
        models/Lora
        models/LyCORIS

comfyui:
     base_path: "{base}"
     is_default: true
     u2net: |
         models/one
         /absolute/two
     RMBG:
         - models/three
     checkpoints: models/checkpoints/
other:
    rembg: relative
"""


def test_extra_model_paths(tmp_path: Path) -> None:
    file = tmp_path / "extra_model_paths.yaml"
    file.write_text(YAML.replace("{base}", "/data/comfy"))
    assert [str(path) for path in extra_model_paths(file)] == [
        "/elsewhere/webui/models/U2", "/data/comfy/models/one", "/absolute/two", "/data/comfy/models/three", str(tmp_path / "relative"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "   \n\n", "::::", "- - -\n: x\n  y", "a:\n b", "\tu2net: x", "comfyui: [u2net, 3]"])
def test_odd_yaml_does_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "extra_model_paths.yaml").write_text(text)
    extra_model_paths(tmp_path / "extra_model_paths.yaml")
    (tmp_path / "extra_model_paths.yaml").write_bytes(b"\xff\xfe\x00")
    assert extra_model_paths(tmp_path / "extra_model_paths.yaml") == []
    assert extra_model_paths(tmp_path / "none.yaml") == []


@pytest.mark.parametrize(
    "place",
    [
        "home/.u2net/isnetis.ckpt",
        "home/.rembg/models/isnet-anime/isnet-anime.onnx",
        "u2home/isnet-anime.onnx",
        "rembghome/models/isnet-anime/isnet-anime.onnx",
        "home/ComfyUI/models/u2net/isnetis.onnx",
        "home/ComfyUI/models/rembg/isnet-anime.onnx",
        "comfy/models/RMBG/isnetis.ckpt",
        "comfy/extra/isnetis.ckpt",
    ],
)
def test_places_of_other_programs(own_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    for variable, folder in (("U2NET_HOME", "u2home"), ("REMBG_HOME", "rembghome"), ("COMFYUI_PATH", "comfy")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    (tmp_path / "comfy").mkdir()
    (tmp_path / "comfy" / "extra_model_paths.yaml").write_text("comfyui:\n    base_path: .\n    u2net: extra\n")
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert file in foreign_places(card("isnet-anime"))
    assert [(found.path, found.kind) for found in where(card("isnet-anime"))] == [(file, "other")]


@pytest.fixture
def small_card() -> Card:
    """U²-NetP as a card that does not come with the program."""
    return dataclasses.replace(card("u2netp"), id="mine", files=("mine.safetensors", "mine.pth", "mine.onnx"), sources=())


def test_a_file_of_another_program_is_converted_once(
    own_models: Path, tmp_path: Path, small_card: Card, small_file: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    theirs = tmp_path / "home" / ".u2net" / "mine.pth"
    theirs.parent.mkdir(parents=True)
    shutil.copyfile(small_file, theirs)
    made = prepare(small_card)
    assert made.parent == converted_folder()
    assert "hash is not one that is known" in caplog.text
    assert [found.kind for found in where(small_card)] == ["converted", "other"]
    monkeypatch.setattr(module, "convert", None)
    assert prepare(small_card) == made
    assert theirs.read_bytes() == small_file.read_bytes()


def test_our_own_file_comes_before_theirs(own_models: Path, tmp_path: Path, small_card: Card, small_file: Path) -> None:
    theirs = tmp_path / "home" / ".u2net" / "mine.pth"
    theirs.parent.mkdir(parents=True)
    shutil.copyfile(small_file, theirs)
    own_models.mkdir()
    shutil.copyfile(prepare(small_card), own_models / "mine.safetensors")
    assert prepare(small_card) == own_models / "mine.safetensors"


def test_a_damaged_file_does_not_hide_a_sound_one(own_models: Path, tmp_path: Path, small_card: Card, small_file: Path) -> None:
    own_models.mkdir()
    (own_models / "mine.pth").write_bytes(small_file.read_bytes()[:5000])
    with pytest.raises(ModelCorrupt, match=r"mine\.pth is damaged"):
        prepare(small_card)
    assert prepare(small_card, more=(tmp_path / "none.pth", small_file)).parent == converted_folder()


def test_a_foreign_network_under_a_known_name(own_models: Path, tmp_path: Path, small_file: Path) -> None:
    theirs = tmp_path / "home" / ".u2net" / "u2net.pth"
    theirs.parent.mkdir(parents=True)
    shutil.copyfile(small_file, theirs)
    with pytest.raises(ModelCorrupt, match=r"u2net\.pth holds U²-NetP, 3 → 1 channels; the model 'u2net' is U²-Net"):
        prepare(card("u2net"))


def test_nothing_anywhere(own_models: Path) -> None:
    with pytest.raises(ModelMissing, match="models pull u2net"):
        prepare(card("u2net"))
