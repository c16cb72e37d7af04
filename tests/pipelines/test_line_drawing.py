"""line_drawing and ink_over_photo: how a network's answer becomes ink by its card, the closer look, the engines, and the finishing in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core import run
from u2studio.shared_core.arrays import Array, alike, as_tensor
from u2studio.shared_core.errors import Cancelled
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import Card, Reading, card
from u2studio.shared_core.pipelines.network_ink import detailed_ink, estimate_ink

CARD = card("u2net_portrait")
CONTRAST = 6.0


class Darkness:
    """A network that draws what is dark, pixel by pixel: the logit of its line is 6 · (0.5 - brightness) of what it is shown."""

    sha256 = "darkness"

    def __init__(self, reading: Reading | None = None, answer: Callable[[Tensor], Tensor] | None = None) -> None:
        profile = CARD.profile()
        self.card: Card = CARD if reading is None else replace(CARD, profiles={"default": replace(profile, reading=reading)})
        self.answer = answer or (lambda gray: CONTRAST * (0.5 - gray))
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        self.seen.append(tuple(batch.shape))
        preprocess = self.card.profile().preprocess
        mean, std = (torch.tensor(values)[:, None, None] for values in (preprocess.mean, preprocess.std))
        return [alike(self.answer((as_tensor(batch) * std + mean).mean(1, keepdim=True)), batch)]


class Source:
    """Hands out one model."""

    def __init__(self, model: Darkness) -> None:
        self.model = model

    def get(self, card_id: str) -> Darkness:
        return self.model

    def file(self, card_id: str):
        raise AssertionError(f"a drawing asks for no file, but for {card_id}")


@pytest.fixture(scope="module")
def steps() -> Tensor:
    """Four gray fields, 0, ⅓, ⅔ and 1, beside each other, 90 × 120."""
    return (torch.arange(120) // 30 / 3).expand(90, 120)[None, ..., None].repeat(1, 1, 1, 3)


def _expected(levels: Tensor) -> Tensor:
    lines = (CONTRAST * (0.5 - levels)).sigmoid()
    return (lines - lines.min()) / (lines.max() - lines.min())


def test_ink_is_one_where_the_card_reads_a_drawing_of_zero(steps: Tensor) -> None:
    ink = estimate_ink(Darkness(), steps)
    assert ink.shape == (1, 90, 120)
    assert torch.allclose(ink[0, 45, 15::30], _expected(torch.arange(4) / 3), atol=0.01)


def test_a_card_that_stores_paper_gives_the_same_ink(steps: Tensor) -> None:
    stored = Darkness(replace(CARD.profile().reading, invert=False), lambda gray: CONTRAST * (gray - 0.5))
    assert torch.allclose(estimate_ink(stored, steps), estimate_ink(Darkness(), steps), atol=1e-6)


def test_never_stretched_where_the_card_says_so(steps: Tensor) -> None:
    ink = estimate_ink(Darkness(Reading(invert=True, min_max="never")), steps)
    assert torch.allclose(ink[0, 45, 15::30], (CONTRAST * (0.5 - torch.arange(4) / 3)).sigmoid(), atol=0.01)


def test_the_official_drawing_is_cut_off_to_bytes(steps: Tensor) -> None:
    drawing = 255 * (1 - estimate_ink(Darkness(CARD.profile("official").reading), torch.nn.functional.pad(steps, (0, 0, 0, 392, 0, 422))))
    assert torch.allclose(drawing, drawing.round(), atol=1e-4)


def test_a_picture_with_nothing_to_draw_stays_paper() -> None:
    assert estimate_ink(Darkness(answer=lambda gray: gray * 0 - 4), torch.full((1, 30, 40, 3), 0.5)).max() == 0


def test_a_closer_look_shows_what_the_first_one_cannot() -> None:
    fine = (torch.arange(1536) // 2 % 2).float().expand(1024, 1536)[None, ..., None].repeat(1, 1, 1, 3)  # lines of two pixels: gray at 512
    network = Darkness()
    first, closer = estimate_ink(network, fine)[0], detailed_ink(network, fine)[0]
    inner = slice(100, -100)
    assert first[inner, inner].std() < 0.25
    assert closer[inner, inner].std() > 0.3
    assert all(shape == (1, 3, 512, 512) for shape in network.seen)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("draw", [estimate_ink, detailed_ink])
@pytest.mark.parametrize("size", [(700, 300), (60, 80)])
def test_arrays_are_drawn_as_tensors_are(draw: Callable[..., Array], size: tuple[int, int], kind: str) -> None:
    image = np.random.default_rng(1).integers(0, 256, (2, *size, 4), np.uint8)
    array = image if kind == "uint8" else (image / 255).astype(np.float32)
    of_array, of_tensor = draw(Darkness(), array), draw(Darkness(), torch.from_numpy(array))
    assert isinstance(of_array, np.ndarray)
    assert isinstance(of_tensor, Tensor)
    assert of_array.dtype == np.float32
    assert np.abs(of_array - of_tensor.numpy()).max() < 1.01 / 255  # a rounding may move a value to the next byte
    assert np.abs(of_array - of_tensor.numpy()).mean() < 1e-6


def test_parts_meet_without_seams() -> None:
    rows, columns = torch.arange(1100.0)[:, None], torch.arange(1300.0)[None]
    waves = (0.5 + 0.25 * torch.sin(rows / 20) + 0.25 * torch.sin(columns / 25))[None, ..., None].repeat(1, 1, 1, 3)
    closer = detailed_ink(Darkness(), waves)
    assert (closer - estimate_ink(Darkness(), waves)).abs().max() < 0.05


def test_parts_cannot_change_the_tone() -> None:
    def moody(gray: Tensor) -> Tensor:  # a part that holds nothing white is drawn far too light
        return CONTRAST * (0.5 - gray) - (0.0 if gray.max() > 0.95 else 2.5)

    image = torch.full((1, 1024, 1024, 3), 0.35)
    image[:, :200, :200] = 1
    first, closer = estimate_ink(Darkness(answer=moody), image), detailed_ink(Darkness(answer=moody), image)
    assert (closer - first)[:, 300:, 300:].abs().max() < 0.05


@pytest.mark.parametrize("size", [(512, 512), (600, 300), (1, 1), (2, 600)])
def test_small_pictures_need_no_closer_look(size: tuple[int, int]) -> None:
    image = torch.rand((1, *size, 3), generator=torch.Generator().manual_seed(2))
    network = Darkness()
    assert torch.equal(detailed_ink(network, image), estimate_ink(Darkness(), image))
    assert len(network.seen) == 1


@pytest.mark.parametrize("size", [(700, 20), (300, 2600)])
def test_narrow_pictures_are_looked_at_closer(size: tuple[int, int]) -> None:
    ink = detailed_ink(Darkness(), torch.rand((1, *size, 3), generator=torch.Generator().manual_seed(2)))
    assert ink.shape == (1, *size)
    assert 0 <= ink.min() <= ink.max() <= 1


def test_a_closer_look_can_be_stopped() -> None:
    def stop(done: int, total: int, note: str) -> None:
        if note == "Drawing the details" and done == 3:
            raise Cancelled

    network = Darkness()
    with pytest.raises(Cancelled):
        run("line_drawing", {"image": torch.rand(1, 1024, 1024, 3)}, {"detail": True}, models=Source(network), progress=stop)
    assert len(network.seen) == 4


def test_drawing_ink_and_lines_say_the_same(photo: Tensor) -> None:
    made = run("line_drawing", {"image": photo}, models=Source(Darkness()))
    drawn = 255 * (1 - made["lines"])
    assert (made["drawing"].float() - drawn[..., None]).abs().max() <= 0.501
    assert (made["drawing"][..., :1] == made["drawing"]).all()
    assert (made["ink"][..., :3] == 0).all()
    assert (made["ink"][..., 3].float() - 255 * made["lines"]).abs().max() <= 0.501


def test_the_classical_engine_asks_for_no_model(photo: Tensor) -> None:
    class Nothing:
        def get(self, card_id: str):
            raise AssertionError(card_id)

        file = get

    made = run("line_drawing", {"image": photo}, {"engine": "classical"}, models=Nothing())
    assert made.provenance["models"] == {}
    assert 0.05 < float(made["lines"].mean()) < 0.6


def test_finishing_goes_from_points_to_weight_to_hatching(steps: Tensor) -> None:
    def mean(**params: object) -> float:
        return float(run("line_drawing", {"image": steps}, params, models=Source(Darkness()), wanted=["lines"])["lines"].mean())

    plain = mean()
    assert mean(line_weight=4.0) > plain > mean(line_weight=-4.0)
    assert mean(black_point=60.0) > plain > mean(white_point=40.0)
    assert mean(hatching=100.0) > plain
    assert mean(hatching=100.0, hatching_style="crossed") > plain
    assert mean(ink_colour="#ff0000", paper_texture="laid", seed=9) == plain


def test_what_is_transparent_is_white_paper(photo: Tensor) -> None:
    hidden = torch.zeros(1, 413, 287, 1, dtype=torch.uint8)
    hidden[:, 100:300, 50:250] = 255
    found = run("line_drawing", {"image": torch.cat((photo, hidden), 3)}, {"hatching": 50.0}, models=Source(Darkness()))
    white = torch.where(hidden > 0, photo, torch.tensor(255, dtype=torch.uint8))
    assert torch.equal(found["lines"], run("line_drawing", {"image": white}, {"hatching": 50.0}, models=Source(Darkness()))["lines"])
    assert found["drawing"].shape == photo.shape


def test_what_is_not_the_subject_stays_paper(photo: Tensor, soft_mask: Tensor) -> None:
    whole = run("line_drawing", {"image": photo}, {"hatching": 100.0}, models=Source(Darkness()))["lines"]
    found = run("line_drawing", {"image": photo, "alpha": soft_mask}, {"hatching": 100.0}, models=Source(Darkness()))["lines"]
    assert found[:, 380:].max() == 0 < whole[:, 380:].max()
    assert torch.equal(found[soft_mask == 1], whole[soft_mask == 1])


def test_a_drawing_of_any_size_lies_over_its_photo(photo: Tensor) -> None:
    drawing = run("line_drawing", {"image": photo}, {"engine": "classical"}, models=Source(Darkness()))["drawing"]
    small = drawing[:, ::2, ::2]
    for method in ("official", "ink"):
        laid = run("ink_over_photo", {"image": photo, "drawing": small}, {"method": method}, models=Source(Darkness()))["image"]
        assert laid.shape == photo.shape
        assert laid.dtype == torch.uint8


def test_transparent_ink_of_any_colour_lies_over_the_photo(photo: Tensor, models: ModelCache) -> None:
    drawing = torch.zeros(1, 40, 30, 4, dtype=torch.uint8)
    drawing[..., :3] = torch.tensor([255, 255, 0], dtype=torch.uint8)
    drawing[:, 10:20, 5:25, 3] = 255
    small = photo[:, :40, :30].contiguous()
    made = run("ink_over_photo", {"image": small, "drawing": drawing}, {"method": "ink", "ink_colour": "#ff0000"}, models=models)["image"]
    assert torch.equal(made[:, 10:20, 5:25], torch.tensor([255, 0, 0], dtype=torch.uint8).expand(1, 10, 20, 3))
    assert torch.equal(made[:, :10], small[:, :10])
    assert torch.equal(made[:, 20:], small[:, 20:])
