from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from u2studio.shared_core.errors import ModelCorrupt, ModelMissing
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.convert import convert
from u2studio.shared_core.models.store import EMBEDDED, sha256
from u2studio.shared_core.models.verify import verify

MINE = dataclasses.replace(card("u2netp"), id="mine", files=("mine.safetensors",), sources=())


def test_what_comes_with_the_program_is_the_published_file(own_models: Path) -> None:
    found = verify(card("u2netp"))
    assert (found.path, found.origin) == (EMBEDDED / "u2netp.safetensors", "published")
    assert found.sha256 == sha256(found.path)


def test_a_single_changed_weight_is_noticed(own_models: Path, small_file: Path) -> None:
    target = convert(small_file, own_models / "mine.safetensors", card=MINE).path
    assert verify(MINE).origin == "unknown"
    content = bytearray(target.read_bytes())
    content[-1000] ^= 1
    target.write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"mine\.safetensors has changed since it was made"):
        verify(MINE)


def test_half_a_file_is_noticed(own_models: Path, small_file: Path) -> None:
    target = convert(small_file, own_models / "mine.safetensors", card=MINE).path
    target.write_bytes(target.read_bytes()[: 1 << 20])
    with pytest.raises(ModelCorrupt, match="is damaged"):
        verify(MINE)


def test_nothing_to_verify(own_models: Path) -> None:
    with pytest.raises(ModelMissing):
        verify(MINE)
