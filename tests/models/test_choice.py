from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from u2studio.shared_core.arrays import Array
from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.engines import kept
from u2studio.shared_core.models.engines.choice import GuardedModel, Way, open_model, ways
from u2studio.shared_core.models.precision import LIMITS, Difference, differences, samples, sensitivity, stretched
from u2studio.shared_core.models.store import EMBEDDED

CARD, FILE = card("u2netp"), EMBEDDED / "u2netp.safetensors"
HAS_BF16 = torch.cpu._is_amx_tile_supported() if hasattr(torch.cpu, "_is_amx_tile_supported") else False


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What engines keep goes to a folder of this run."""
    folder = tmp_path_factory.mktemp("engines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_file", lambda subject, circumstances, suffix: folder / f"{subject}-{circumstances}.{suffix}")
        open_model(CARD, FILE, "cpu")
        yield folder


def exact() -> list[np.ndarray]:
    model = Way("torch", "fp32").open(CARD, FILE, "cpu")
    return [stretched(CARD, model(one)[0]) for one in samples(CARD)]


@pytest.mark.parametrize("way", [Way("openvino", "fp32"), Way("openvino", "bf16"), Way("torch", "bf16")], ids=str)
def test_every_way_keeps_to_the_contract_with_the_embedded_weights(way: Way) -> None:
    if way.engine == "openvino":
        pytest.importorskip("openvino")
    if way.precision == "bf16" and not HAS_BF16:
        pytest.skip("no bf16 unit in this processor")
    model = way.open(CARD, FILE, "cpu")
    assert differences(exact(), [stretched(CARD, model(one)[0]) for one in samples(CARD)]).within(LIMITS)


@pytest.mark.parametrize("way", [Way("openvino", "fp32"), Way("openvino", "bf16"), Way("torch", "fp32"), Way("torch", "bf16")], ids=str)
@pytest.mark.parametrize("count", [1, 2])
def test_arrays_and_tensors_give_the_same_each_in_its_kind(way: Way, count: int) -> None:
    if way.engine == "openvino":
        pytest.importorskip("openvino")
    model = way.open(CARD, FILE, "cpu")
    tensor = torch.randn(count, 3, 96, 70, generator=torch.Generator().manual_seed(5))
    array = np.ascontiguousarray(tensor.permute(0, 2, 3, 1)).transpose(0, 3, 1, 2)  # channels last, as pictures lie in memory
    before = array.copy()
    array.flags.writeable = False
    tensors, arrays = model(tensor, side_outputs=True), model(array, side_outputs=True)
    assert len(tensors) == len(arrays) == 7
    for one, other in zip(tensors, arrays, strict=True):
        assert isinstance(one, torch.Tensor)
        assert isinstance(other, np.ndarray)
        assert (other.shape, other.dtype) == ((count, 1, 96, 70), np.float32)
        assert np.array_equal(one.numpy(), other)
    for one in (*tensors, *arrays):
        one[:] = 7  # it is the caller's
    assert not any((again == 7).all() for again in model(array, side_outputs=True))
    assert np.array_equal(array, before)


def test_openvino_draws_the_network_to_its_last_output() -> None:
    pytest.importorskip("openvino")
    batch = torch.randn(2, 3, 96, 70, generator=torch.Generator().manual_seed(5))
    ours = Way("openvino", "fp32").open(CARD, FILE, "cpu")(batch, side_outputs=True)
    theirs = Way("torch", "fp32").open(CARD, FILE, "cpu")(batch, side_outputs=True)
    assert len(ours) == 7
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_pictures_run_side_by_side_give_what_they_give_alone(engine: str) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino")
    pictures = [torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in range(6)]
    alone, together = (open_model(CARD, FILE, "cpu", "fp32", engine, at_once) for at_once in (1, 2))
    with ThreadPoolExecutor(2) as pool:
        for expected, found in zip(map(alone, pictures), pool.map(together, pictures), strict=True):
            torch.testing.assert_close(found[0], expected[0], atol=1e-5, rtol=0)


def test_automatic_is_what_was_proven(own_cache: Path) -> None:
    model = open_model(CARD, FILE, "cpu")
    if HAS_BF16:
        assert isinstance(model, GuardedModel)
        assert list(own_cache.glob("*bf16*.json"))


@pytest.mark.skipif(not HAS_BF16, reason="no bf16 unit in this processor")
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["arrays", "tensors"])
def test_unsure_pictures_are_run_again_in_float32(kind: Callable[[np.ndarray], Array]) -> None:
    fast, reference = Way("torch", "bf16").open(CARD, FILE, "cpu"), Way("torch", "fp32").open(CARD, FILE, "cpu")
    both = kind(np.concatenate(samples(CARD)[:2]))
    shows = [sensitivity(CARD, one[None]) for one in fast(both)[0]]
    guarded = GuardedModel(fast, lambda: reference, sum(shows) / 2)
    (logits,) = guarded(both)
    (slow,), (quick,) = reference(both), fast(both)
    unsure = shows.index(max(shows))
    np.testing.assert_allclose(logits[unsure], slow[unsure], atol=1e-4, rtol=1e-4)
    assert np.array_equal(logits[1 - unsure], quick[1 - unsure])
    assert type(logits) is type(both)
    assert guarded.run_again == 1


def test_a_damaged_graph_is_compiled_anew(own_cache: Path) -> None:
    pytest.importorskip("openvino")
    batch = samples(CARD)[0]
    before = Way("openvino", "fp32").open(CARD, FILE, "cpu")(batch)[0]
    for graph in own_cache.glob("*f32*.graph"):
        graph.write_bytes(graph.read_bytes()[:1000])
    assert np.array_equal(Way("openvino", "fp32").open(CARD, FILE, "cpu")(batch)[0], before)


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(kept, "_file", lambda *_: tmp_path / "file" / "below")
    kept.keep_facts("a", "b", {"c": 1})
    kept.keep_bytes("a", "b", b"c")
    assert kept.kept_facts("a", "b") is None
    assert kept.kept_bytes("a", "b") is None


def test_wishes() -> None:
    assert ways("cpu", "auto", "torch") == [Way("torch", "bf16"), Way("torch", "fp32")]
    assert ways("cpu", "bf16", "torch") == [Way("torch", "bf16")]
    assert ways("mps", "auto", "auto") == [Way("torch", "fp32")]
    with pytest.raises(BadInput, match="There is no engine 'onnx'; there are: auto, torch, openvino"):
        ModelCache("cpu", engine="onnx")


def test_not_a_number_is_within_no_limit() -> None:
    assert not differences([torch.ones(2)], [torch.tensor([1.0, float("nan")])]).within(Difference(mean=1, worst=1, flips=1))
