from __future__ import annotations

import re

import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.models.cards import card, cards
from u2studio.shared_core.spec import OPERATIONS
from u2studio.shared_core.spec.parameters import ModelChoice


def test_the_embedded_default_comes_first() -> None:
    assert cards()[0].id == cards("matting")[0].id == "u2netp"
    assert any(source.kind == "embedded" for source in cards()[0].sources)


def test_an_unknown_card_names_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"no model 'u2ntep'; there are: u2netp, u2net.* → u2netp"):
        card("u2ntep")


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="no preprocessing 'photo'; it has: default, official, rembg"):
        card("u2netp").profile("photo")


def test_the_authors_rule_for_u2net() -> None:
    official = card("u2net").profile("official")
    assert (official.preprocess.size, official.preprocess.resize, official.preprocess.divide_by_max) == (320, "bilinear", True)
    assert official.preprocess.mean == (0.485, 0.456, 0.406)
    assert official.preprocess.std == (0.229, 0.224, 0.225)
    assert official.reading.min_max == "always"
    assert official.reading.eight_bit
    assert not official.reading.invert


@pytest.mark.parametrize("one", cards(), ids=lambda one: one.id)
def test_every_card_is_complete(one) -> None:
    assert one.as_published or one.files[0] == f"{one.id}.safetensors"
    assert one.as_published or "default" in one.profiles
    assert all((one.title, one.summary, one.licence, one.authors, one.trained_on, one.limits))
    assert bool(one.classes) == (one.task == "clothes")
    for source in one.sources:
        assert source.file in one.files
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256) or (not source.sha256 and re.fullmatch(r"([0-9a-f]{32})?", source.md5))
        assert source.kind != "wheel" or (source.sha256 and source.package and source.version and source.member)
        assert source.kind != "address" or source.url.startswith("https://")
    assert one.authors_file_run or "Not run on the authors' file" in one.limits


def test_operations_offer_models_that_exist() -> None:
    for operation in OPERATIONS:
        for parameter in operation.parameters:
            if isinstance(parameter, ModelChoice):
                assert card(parameter.default).task == parameter.task
