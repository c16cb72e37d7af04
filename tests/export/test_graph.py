"""From a picture to its alpha as a graph: the same resizing, feeding and reading as the pipeline's."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.export.graph import NetworkGraph, PictureGraph
from u2studio.shared_core.models.cards import Card, Preprocess, Profile, Reading, card
from u2studio.shared_core.models.engines.torch_engine import TorchModel
from u2studio.shared_core.models.load import load
from u2studio.shared_core.models.store import EMBEDDED
from u2studio.shared_core.pipelines.network_alpha import estimate_alpha, estimate_classes


class Through(nn.Module):
    """A network that gives back what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [x]


def feeding(size: int = 24, resize: str = "antialiased", **more: object) -> Preprocess:
    return Preprocess(size=size, resize=resize, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), **more)  # pyright: ignore[reportArgumentType]


def with_profile(base: Card, preprocess: Preprocess, reading: Reading) -> Card:
    return dataclasses.replace(base, profiles={"default": Profile(preprocess=preprocess, reading=reading)})


def matrices(preprocess: Preprocess, length: int, longer: int) -> tuple[Tensor, Tensor]:
    graph = PictureGraph(with_profile(card("u2netp"), preprocess, Reading(min_max="never")), Through())
    return graph._resizing(torch.arange(length, dtype=torch.int32), torch.tensor(longer))


@pytest.mark.parametrize("length", [96, 101, 24, 17, 1], ids=str)
def test_shrinking_and_enlarging_are_bilinear_with_antialiasing(length: int) -> None:
    line, map_line = torch.rand(1, 1, length, 3), torch.rand(1, 1, 24, 3)
    down, up = matrices(feeding(), length, length)
    small = F.interpolate(line, (24, 3), mode="bilinear", align_corners=False, antialias=True)
    large = F.interpolate(map_line, (length, 3), mode="bilinear", align_corners=False, antialias=True)
    torch.testing.assert_close(down @ line[0, 0], small[0, 0], atol=2e-6, rtol=0)
    torch.testing.assert_close(up @ map_line[0, 0], large[0, 0], atol=2e-6, rtol=0)


def test_bilinear_without_antialiasing_looks_at_two_pixels() -> None:
    down, _ = matrices(feeding(size=10, resize="bilinear"), 100, 100)
    assert ((down > 0).sum(1) <= 2).all()
    assert down[0, 4] == down[0, 5] == 0.5


def test_a_kept_aspect_lies_in_the_middle_with_nothing_around_it() -> None:
    down, up = matrices(feeding(keep_aspect=True), 50, 100)
    assert down.sum(1).tolist() == pytest.approx([0] * 6 + [1] * 12 + [0] * 6)
    assert up.sum(1).tolist() == pytest.approx([1] * 50)
    assert not up[:, :6].any()


def test_it_is_the_default_network_and_its_pipeline(photo: Tensor) -> None:
    file = EMBEDDED / "u2netp.safetensors"
    chosen, network = card("u2netp"), load(card("u2netp"), file, torch.device("cpu"))
    with torch.inference_mode():
        alpha = PictureGraph(chosen, network)(photo)
    pipeline = estimate_alpha(TorchModel(chosen, "", network, torch.device("cpu"), torch.float32), photo, "default").alpha
    assert alpha.shape == pipeline.shape
    assert float((alpha - pipeline).abs().mean()) < 0.002  # the pipeline rounds the shrunk picture to bytes


@pytest.mark.parametrize("preprocess", [feeding(), feeding(divide_by_max=True), feeding(keep_aspect=True)], ids=["squashed", "by its maximum", "kept aspect"])
@pytest.mark.parametrize("invert", [False, True], ids=["", "inverted"])
def test_each_way_to_feed_and_read_is_the_pipelines(photo: Tensor, preprocess: Preprocess, invert: bool) -> None:
    chosen = with_profile(card("u2netp"), preprocess, Reading(min_max="never", invert=invert))
    alpha = PictureGraph(chosen, Through())(photo)
    pipeline = estimate_alpha(TorchModel(chosen, "", Through(), torch.device("cpu"), torch.float32), photo, "default").alpha
    torch.testing.assert_close(alpha, pipeline, atol=1 / 255, rtol=0)


def test_classes_come_out_one_by_one(photo: Tensor) -> None:
    chosen = with_profile(card("u2net_cloth_seg"), feeding(), Reading(activation="softmax", min_max="never"))
    graph = PictureGraph(chosen, Through())
    pipeline = estimate_classes(TorchModel(chosen, "", Through(), torch.device("cpu"), torch.float32), photo, "default")
    assert graph.makes == "classes"
    torch.testing.assert_close(graph(photo), pipeline, atol=1 / 255, rtol=0)


def test_the_network_alone_gives_probabilities(tiny_card: Card) -> None:
    logits = torch.tensor([[[[-2.0, 0.0, 3.0]]]])
    assert torch.equal(NetworkGraph(tiny_card, Through())(logits), logits.sigmoid())


def test_what_cannot_be_drawn_is_refused() -> None:
    chosen = with_profile(card("u2netp"), feeding(resize="lanczos"), Reading())
    with pytest.raises(BadInput, match="export the network alone"):
        PictureGraph(chosen, Through())
