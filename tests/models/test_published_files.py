"""Cards whose published file is used as it is: found, pulled, verified, removed; never another file of its name."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput, ModelCorrupt, ModelMissing
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import Card, Source, card
from u2studio.shared_core.models.prepare import prepare
from u2studio.shared_core.models.pull import pull, remove
from u2studio.shared_core.models.store import published_file
from u2studio.shared_core.models.verify import verify

CONTENT = b"as its authors made it"


@pytest.fixture
def yunet() -> Card:
    """The card, of a file that is known here."""
    source = Source(kind="address", file="yunet.onnx", url="https://example.invalid/yunet.onnx", sha256=hashlib.sha256(CONTENT).hexdigest())
    return dataclasses.replace(card("yunet"), files=("yunet.onnx",), sources=(source,))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "downloaded.onnx"
    file.write_bytes(CONTENT)
    return file


def test_pulled_verified_and_removed(own_models: Path, yunet: Card, published: Path) -> None:
    with pytest.raises(ModelMissing, match="u2studio models pull yunet"):
        published_file(yunet)
    pulled = pull(yunet, published)
    assert pulled.path == own_models / "yunet.onnx"
    assert pulled.path.read_bytes() == CONTENT
    assert [file.name for file in own_models.iterdir()] == ["yunet.onnx"]
    assert pull(yunet).origin == ""
    assert verify(yunet).origin == "published"
    assert published_file(yunet) == pulled.path
    assert remove(yunet) == (pulled.path,)


def test_another_file_is_refused(own_models: Path, yunet: Card, published: Path) -> None:
    published.write_bytes(b"something else")
    with pytest.raises(ModelCorrupt, match=r"downloaded\.onnx is not the published file of the model 'yunet'"):
        pull(yunet, published)
    assert not own_models.exists() or not list(own_models.iterdir())
    own_models.mkdir(exist_ok=True)
    (own_models / "yunet.onnx").write_bytes(b"something else")
    with pytest.raises(ModelCorrupt, match=r"yunet\.onnx is not the published file"):
        published_file(yunet)
    with pytest.raises(ModelCorrupt):
        verify(yunet)


def test_it_is_no_network_to_run(own_models: Path) -> None:
    with pytest.raises(BadInput, match="'yunet' is not one that is run for this"):
        prepare(card("yunet"))
    with pytest.raises(BadInput, match="'yunet' is not one that is run for this"):
        ModelCache("cpu").get("yunet")
