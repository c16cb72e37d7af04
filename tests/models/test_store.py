from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput, ModelMissing
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.store import EMBEDDED, find, folders, own_folder, sha256


def test_the_default_is_always_there(own_models: Path) -> None:
    assert find(card("u2netp")) == EMBEDDED / "u2netp.safetensors"


def test_the_users_folders_come_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    monkeypatch.setenv("U2STUDIO_MODELS", f"{first}{os.pathsep}{second}")
    assert folders()[:3] == (EMBEDDED, first, second)
    assert own_folder() == first
    second.mkdir()
    (second / "u2net.safetensors").touch()
    assert find(card("u2net")) == second / "u2net.safetensors"
    first.mkdir()
    (first / "u2net.safetensors").touch()
    assert find(card("u2net")) == first / "u2net.safetensors"


def test_a_missing_model_says_what_where_and_how(own_models: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        find(card("u2net"))
    text = str(caught.value)
    assert "'u2net'" in text
    assert "u2net.safetensors, u2net.pth, u2net.onnx" in text
    assert str(own_models) in text
    assert "u2studio models pull u2net" in text


def test_hashes_follow_the_file(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"one")
    assert sha256(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"three")
    assert sha256(file) == hashlib.sha256(b"three").hexdigest()
    with pytest.raises(BadInput, match="cannot be read"):
        sha256(tmp_path / "none")
