"""What the matte tells beside its mask, and what it does with pictures that hold nothing, or transparency of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core import OutOfMemory, run
from u2studio.shared_core.arrays import Array
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import Card, Reading, card
from u2studio.shared_core.models.source import PublishedFile
from u2studio.shared_core.pipelines.confidence import agreement, overlap
from u2studio.shared_core.pipelines.network_alpha import estimate_alpha


def _without_subject() -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(0)
    down = torch.linspace(0, 1, 240)[:, None, None].expand(240, 320, 3)
    return {
        "black": torch.zeros(240, 320, 3),
        "white": torch.ones(240, 320, 3),
        "gray": torch.full((240, 320, 3), 0.5),
        "noise": torch.rand(240, 320, 3, generator=chance),
        "noise of the network's size": torch.rand(320, 320, 3, generator=chance),
        "gray noise": torch.rand(150, 200, 1, generator=chance).expand(150, 200, 3),
        "faint noise": torch.randn(200, 200, 3, generator=chance).mul(0.1).add(0.5).clamp(0, 1),
        "gradient": down,
        "sky": torch.stack((0.4 + 0.3 * down[..., 0], 0.6 + 0.2 * down[..., 0], 0.9 + 0 * down[..., 0]), -1),
    }


@pytest.mark.parametrize("name", _without_subject())
def test_a_picture_without_a_subject_gives_an_empty_mask_and_says_so(name: str, models: ModelCache) -> None:
    made = run("matte", {"image": _without_subject()[name][None]}, models=models, wanted=["alpha"])
    assert not made["alpha"].any()
    assert made.figures["nothing_found"] == [True]
    assert made.figures["confidence"] == [0.0]
    assert [str(one.text()) for one in made.notices] == ["No subject was found in the picture."]


def test_of_a_batch_the_empty_ones_are_named(photo: Tensor, models: ModelCache) -> None:
    gray = torch.full_like(photo, 128)
    made = run("matte", {"image": torch.cat((gray, photo, gray))}, models=models, wanted=["alpha"])
    assert made.figures["nothing_found"] == [True, False, True]
    assert [one.text() for one in made.notices] == ["No subject was found in these pictures of the batch: 1, 3."]
    assert made["alpha"][1].max() > 0.99


def test_a_clear_subject_is_found_with_confidence_and_doubt_lies_at_its_edge(photo: Tensor, models: ModelCache) -> None:
    made = run("matte", {"image": photo}, models=models, wanted=["alpha", "confidence"])
    assert made.figures["nothing_found"] == [False]
    (figure,) = made.figures["confidence"]  # pyright: ignore[reportGeneralTypeIssues]
    assert 0.8 < figure <= 1
    assert made.notices == ()
    sure, soft = made["confidence"][0], made["alpha"][0]
    assert sure[(soft > 0.99) | (soft < 0.01)].mean() > 0.95
    assert sure[(soft > 0.1) & (soft < 0.9)].mean() < 0.85


def test_stages_that_agree_and_stages_that_do_not() -> None:
    left, right = torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)
    left[..., :2], right[..., 2:] = 1, 1
    assert torch.equal(agreement([left, left, left]), torch.ones(1, 4, 4))
    assert overlap([left, left, left]).item() == 1
    assert torch.equal(agreement([left, right]), torch.zeros(1, 4, 4))
    assert overlap([left, right]).item() == 0
    assert overlap([left]).item() == 1


@pytest.mark.parametrize("keep", [False, True])
def test_own_transparency_is_kept_where_asked_for(keep: bool, photo: Tensor, models: ModelCache) -> None:
    own = torch.full((*photo.shape[:3], 1), 255, dtype=torch.uint8)
    own[:, :, :140], own[:, 200:] = 0, 128
    without = run("matte", {"image": photo}, models=models, wanted=["alpha"])["alpha"]
    alpha = run("matte", {"image": torch.cat((photo, own), -1)}, {"keep_transparency": keep}, models=models, wanted=["alpha"])["alpha"]
    assert torch.allclose(alpha, without * own[..., 0] / 255 if keep else without)


class _Classes:
    """A network that tells three vertical thirds of the picture apart, whatever it is shown."""

    sha256 = ""
    card: Card = card("u2net_cloth_seg")

    def __call__(self, batch: Tensor, *, side_outputs: bool = False) -> list[Tensor]:
        logits = torch.full((len(batch), 4, *batch.shape[2:]), -20.0)
        third = batch.shape[3] // 3
        for number, start in ((1, 0), (2, third), (0, 2 * third)):
            logits[:, number, :, start : start + third + 3] = 20.0
        logits[:, 0, :, : 2 * third] = -20.0
        return [logits]


def test_each_class_of_clothes_has_a_mask_of_its_own(models: ModelCache) -> None:
    class Source:
        def get(self, card_id: str) -> _Classes:
            assert card_id == "u2net_cloth_seg"
            return _Classes()

        def file(self, card_id: str) -> PublishedFile:
            raise AssertionError(card_id)

    made = run("clothes", {"image": torch.rand(1, 90, 120, 3)}, models=Source())
    upper, lower, whole = (made[name][0] for name in ("upper_body", "lower_body", "whole_body"))
    assert upper[:, 5:35].min() > 0.99
    assert upper[:, 45:].max() < 0.01
    assert lower[:, 45:75].min() > 0.99
    assert lower[:, 85:].max() < 0.01
    assert whole.max() < 0.01
    assert (upper + lower + whole).max() <= 1.0001


def test_a_profile_that_always_stretches_keeps_its_authors_answer() -> None:
    class Doubtful:
        sha256 = ""

        def __init__(self, min_max: str) -> None:
            base = card("u2netp")
            profile = replace(base.profile(), reading=Reading(min_max=min_max))  # pyright: ignore[reportArgumentType]
            self.card = replace(base, profiles={"default": profile})

        def __call__(self, batch: Tensor, *, side_outputs: bool = False) -> list[Tensor]:
            return [batch.mean(1, keepdim=True) * 0.1 - 4]

    picture = torch.rand(1, 40, 50, 3)
    assert estimate_alpha(Doubtful("confident"), picture, "default").alpha.max() == 0
    always = estimate_alpha(Doubtful("always"), picture, "default")
    assert always.alpha.max() > 0.7
    assert not always.found.any()


def test_a_picture_too_large_for_the_memory_is_named_by_its_size(photo: Tensor, models: ModelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Tensor:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9663676416 bytes.")

    monkeypatch.setattr("u2studio.shared_core.pipelines.matting.fit_to_edges", full)
    with pytest.raises(OutOfMemory, match=r"^287×413 pixels at once do not fit into the memory of cpu"):
        run("matte", {"image": photo}, models=models)


def test_a_closer_look_changes_the_edge_alone(load_photo: Callable[[str], Tensor], models: ModelCache) -> None:
    photo = load_photo("cat").repeat_interleave(2, 1).repeat_interleave(2, 2)
    far, near = (run("matte", {"image": photo}, {"detail": detail, "refine": "none"}, models=models, wanted=["alpha"])["alpha"] for detail in (False, True))
    assert (far - near).abs().max() > 0.02
    inside, outside = torch.nn.functional.avg_pool2d(far, 41, 1, 20) > 0.999, torch.nn.functional.avg_pool2d(far, 41, 1, 20) < 0.001
    assert torch.allclose(far[inside | outside], near[inside | outside], atol=0.02)


@pytest.mark.parametrize("kind", ["arrays", "tensors"])
def test_a_hosts_models_are_called_with_what_the_host_speaks(kind: str, photo: Tensor, models: ModelCache) -> None:
    called: list[type] = []

    class Own:
        card, sha256 = models.get("u2netp").card, "own"

        def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
            called.append(type(batch))
            return models.get("u2netp")(batch, side_outputs=side_outputs)

    class Source:
        def get(self, card_id: str) -> Own:
            assert card_id == "u2netp"
            return Own()

        file = models.file

    image = photo.numpy() if kind == "arrays" else photo
    alpha = run("matte", {"image": image}, models=Source(), wanted=("alpha",))["alpha"]
    assert {*called, type(alpha)} == {np.ndarray if kind == "arrays" else Tensor}
    assert np.array_equal(alpha, run("matte", {"image": photo}, models=models, wanted=("alpha",))["alpha"])
