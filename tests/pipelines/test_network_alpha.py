"""How pictures reach a network and how its maps come back, without a network: a stand-in answers what it was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from u2studio.shared_core.models.cards import Card, Preprocess, Profile, Reading, card
from u2studio.shared_core.pipelines.network_alpha import estimate_alpha, network_input, read_map

PLAIN = Preprocess(size=64, resize="antialiased", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
FITTED = replace(PLAIN, keep_aspect=True)


class Mirror:
    """Finds what is bright."""

    sha256 = ""

    def __init__(self, preprocess: Preprocess, reading: Reading) -> None:
        self.card: Card = replace(card("u2netp"), profiles={"default": Profile(preprocess=preprocess, reading=reading)})
        self.shown: list[Tensor] = []

    def __call__(self, batch: Tensor, *, side_outputs: bool = False) -> list[Tensor]:
        self.shown.append(batch)
        return [(batch.mean(1, keepdim=True) - 0.5) * 40]


def _rectangle(height: int, width: int, top: int, left: int, bottom: int, right: int) -> Tensor:
    picture = torch.zeros(1, height, width, 3)
    picture[:, top:bottom, left:right] = 1
    return picture


@pytest.mark.parametrize(
    ("height", "width", "inner"), [(100, 300, (21, 0, 21, 64)), (300, 100, (0, 21, 64, 21)), (50, 50, (0, 0, 64, 64)), (1, 500, (31, 0, 1, 64))]
)
def test_a_fitted_picture_lies_in_the_middle_of_black(height: int, width: int, inner: tuple[int, int, int, int]) -> None:
    prepared, place = network_input(torch.ones(1, height, width, 3), FITTED)
    assert prepared.shape == (1, 3, 64, 64)
    assert place == inner
    top, left, inner_height, inner_width = inner
    assert torch.equal(prepared[:, :, top : top + inner_height, left : left + inner_width], torch.ones(1, 3, inner_height, inner_width))
    assert prepared.sum() == 3 * inner_height * inner_width


@pytest.mark.parametrize("preprocess", [PLAIN, FITTED], ids=["squashed", "fitted"])
@pytest.mark.parametrize(("height", "width"), [(128, 384), (384, 128), (31, 47), (413, 287)])
def test_the_map_comes_back_to_where_the_picture_was(preprocess: Preprocess, height: int, width: int) -> None:
    place = height // 4, width // 3, height // 2, width * 3 // 4
    alpha = estimate_alpha(Mirror(preprocess, Reading(min_max="never")), _rectangle(height, width, *place), "default").alpha[0]
    assert alpha.shape == (height, width)
    reach = -(-max(height, width) // 64)  # a pixel of the map, in pixels of the photo
    rows, columns = (alpha > 0.5).any(1).nonzero().flatten(), (alpha > 0.5).any(0).nonzero().flatten()
    found = rows[0].item(), columns[0].item(), rows[-1].item() + 1, columns[-1].item() + 1
    assert all(abs(one - other) <= reach for one, other in zip(found, place, strict=True)), found


def test_the_photo_is_divided_by_its_own_maximum_then_normalised() -> None:
    preprocess = replace(PLAIN, divide_by_max=True, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))
    batch = torch.stack((torch.full((8, 9, 3), 0.25), torch.tensor([0.8, 0.4, 0.2]).expand(8, 9, 3)))
    prepared, _ = network_input(batch, preprocess)
    assert torch.allclose(prepared[0, :, 0, 0], torch.tensor([1.0, 3.0, 0.5]), atol=1e-5)
    assert torch.allclose(prepared[1, :, 5, 5], torch.tensor([1.0, 1.0, 0.125]), atol=1e-5)


def test_a_black_photo_is_not_divided_by_nothing() -> None:
    prepared, _ = network_input(torch.zeros(1, 8, 8, 3, dtype=torch.uint8), replace(PLAIN, divide_by_max=True))
    assert torch.equal(prepared, torch.zeros(1, 3, 64, 64))


LOGITS = torch.tensor([-2.0, 0.0, 1.0, 2.0]).view(1, 1, 2, 2)


def test_maps_are_stretched_as_the_card_says() -> None:
    sure, doubtful = LOGITS.sigmoid()[:, 0], (LOGITS - 3).sigmoid()[:, 0]
    stretched = (sure - sure.min()) / (sure.max() - sure.min())
    assert torch.allclose(read_map(LOGITS, Reading(min_max="never")), sure)
    assert torch.allclose(read_map(LOGITS, Reading(min_max="always")), stretched)
    assert torch.allclose(read_map(LOGITS, Reading(min_max="confident")), stretched)
    assert torch.equal(read_map(LOGITS - 3, Reading(min_max="confident")), doubtful)
    assert read_map(LOGITS - 3, Reading(min_max="always")).max() == 1


def test_a_map_without_contrast_is_not_divided_by_nothing() -> None:
    assert torch.equal(read_map(torch.full((1, 1, 3, 3), 4.0), Reading(min_max="always")), torch.zeros(1, 3, 3))


def test_each_picture_of_a_batch_is_stretched_by_itself() -> None:
    both = torch.cat((LOGITS, LOGITS * 3))
    assert torch.equal(read_map(both, Reading(min_max="always"))[0], read_map(LOGITS, Reading(min_max="always"))[0])


def test_maps_of_bytes_are_cut_off_not_rounded() -> None:
    assert read_map(torch.tensor(0.998).logit().view(1, 1, 1, 1), Reading(min_max="never", eight_bit=True)).item() == pytest.approx(254 / 255)


def test_of_several_classes_all_but_the_background_are_the_subject() -> None:
    classes = torch.tensor([1.0, 2.0, 0.5, -1.0]).view(1, 4, 1, 1)
    assert read_map(classes, Reading(activation="softmax", min_max="never")).item() == pytest.approx(1 - classes.softmax(1)[0, 0].item(), abs=1e-6)


def test_inverted_maps_are_turned_round() -> None:
    assert torch.allclose(read_map(LOGITS, Reading(min_max="never", invert=True)), 1 - LOGITS.sigmoid()[:, 0])
