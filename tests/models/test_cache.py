from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from u2studio.shared_core.errors import BadInput, ModelMissing, OutOfMemory
from u2studio.shared_core.models import cache as cache_module
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.store import EMBEDDED, find, sha256

WEIGHTS = 4 * 1_125_485
"""bytes of U²-NetP's folded float32 weights"""


@pytest.fixture
def two_models(own_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which 'u2net' is a second small network; the cards' networks are not compared here."""
    own_models.mkdir()
    save_file(load_file(EMBEDDED / "u2netp.safetensors"), own_models / "u2net.safetensors")
    real = cache_module.open_model
    monkeypatch.setattr(cache_module, "open_model", lambda wanted, *rest: real(card("u2netp"), *rest))
    return own_models


def test_a_model_is_loaded_once() -> None:
    cache = ModelCache("cpu", "fp32", "torch")
    model = cache.get("u2netp")
    assert cache.get("u2netp") is model
    assert cache.nbytes == model.nbytes == WEIGHTS
    assert model.card is card("u2netp")
    assert model.sha256 == sha256(find(card("u2netp")))


def test_the_least_recently_used_goes_first(two_models: Path) -> None:
    roomy, tight = ModelCache("cpu", "fp32", "torch", budget_bytes=2 * WEIGHTS), ModelCache("cpu", "fp32", "torch", budget_bytes=2 * WEIGHTS - 1)
    for cache in (roomy, tight):
        cache.get("u2netp")
        cache.get("u2net")
    assert (roomy.nbytes, tight.nbytes) == (2 * WEIGHTS, WEIGHTS)
    kept = tight.get("u2net")
    assert tight.get("u2net") is kept


def test_a_model_larger_than_the_budget_still_runs() -> None:
    cache = ModelCache("cpu", "fp32", "torch", budget_bytes=0)
    assert cache.get("u2netp") is cache.get("u2netp")


def test_a_replaced_file_is_loaded_anew(two_models: Path) -> None:
    cache = ModelCache("cpu", "fp32", "torch")
    before = cache.get("u2net")
    state = load_file(two_models / "u2net.safetensors")
    state["side1.bias"] += 1
    save_file(state, two_models / "new")
    (two_models / "new").replace(two_models / "u2net.safetensors")
    after = cache.get("u2net")
    assert after is not before
    assert after.sha256 != before.sha256


def test_threads_share_one_model() -> None:
    cache = ModelCache("cpu", "fp32", "torch")
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: cache.get("u2netp"), range(32)))
    assert len({id(model) for model in models}) == 1


def test_memory_runs_out_then_the_others_make_room(two_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ModelCache("cpu", "fp32", "torch")
    cache.get("u2netp")
    real, tries = cache_module.open_model, []

    def full_while_another_is_held(*arguments):
        tries.append(cache.nbytes)
        if cache.nbytes:
            raise OutOfMemory("The model does not fit into the memory of {device}.", device="cpu")
        return real(*arguments)

    monkeypatch.setattr(cache_module, "open_model", full_while_another_is_held)
    cache.get("u2net")
    assert tries == [WEIGHTS, 0]


def test_what_is_not_there(own_models: Path) -> None:
    with pytest.raises(BadInput, match="no model 'x'"):
        ModelCache("cpu").get("x")
    with pytest.raises(ModelMissing):
        ModelCache("cpu").get("u2net")
    with pytest.raises(BadInput, match="no device 'tpu'"):
        ModelCache("tpu")
    with pytest.raises(BadInput, match="no precision"):
        ModelCache("cpu", "int8")
