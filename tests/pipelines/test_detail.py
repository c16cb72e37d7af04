"""The closer look, with stand-ins for the network whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core.arrays import Array, alike, as_tensor
from u2studio.shared_core.errors import BadInput, Cancelled
from u2studio.shared_core.models.cards import Preprocess, Profile, Reading, card
from u2studio.shared_core.pipelines.detail import detail_alpha
from u2studio.shared_core.pipelines.network_alpha import network_input

SIZE = 64
PLAIN = Preprocess(size=SIZE, resize="antialiased", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def bright(batch: Tensor) -> Tensor:
    return batch.mean(1, keepdim=True)


class StandIn:
    """A network of 64×64 pixels that answers by a rule: what it sees, [B, 3, 64, 64], to an alpha."""

    sha256 = ""

    def __init__(self, rule: Callable[[Tensor], Tensor] = bright, preprocess: Preprocess = PLAIN) -> None:
        self.card = replace(card("u2netp"), profiles={"default": Profile(preprocess=preprocess, reading=Reading())})
        self.rule, self.passes = rule, 0

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        self.passes += 1
        return [alike(torch.logit(self.rule(as_tensor(batch)).clamp(1e-6, 1 - 1e-6)), batch)]


def comb(height: int = 500, width: int = 700) -> Tensor:
    """A white block with teeth 16 pixels wide on top: [1, H, W]."""
    truth = torch.zeros(1, height, width)
    truth[:, 200:400, 250:450] = 1
    for left in range(250, 450, 32):
        truth[:, 150:200, left : left + 16] = 1
    return truth


def picture(truth: Tensor) -> Tensor:
    return truth[..., None].expand(*truth.shape, 3).contiguous()


def coarse(image: Tensor, preprocess: Preprocess = PLAIN) -> Tensor:
    """What the network makes of the whole picture, enlarged."""
    prepared, (top, left, height, width) = network_input(image, preprocess)
    small = bright(prepared)[:, :, top : top + height, left : left + width]
    return torch.nn.functional.interpolate(small, size=image.shape[1:3], mode="bilinear")[:, 0].clamp(0, 1)


@pytest.mark.parametrize("preprocess", [PLAIN, replace(PLAIN, keep_aspect=True)], ids=["squashed", "fitted"])
def test_finds_what_was_too_fine_for_the_first_look(preprocess: Preprocess) -> None:
    image = picture(comb())
    before = coarse(image, preprocess)
    after = detail_alpha(StandIn(preprocess=preprocess), image, before, "default")
    assert (after - comb()).abs().sum() < 0.5 * (before - comb()).abs().sum()


def test_what_is_certain_keeps_its_value_and_inputs_stay() -> None:
    image = picture(comb())
    before = coarse(image)
    before[:, 0, 0] = 0.015
    kept = image.clone(), before.clone()
    after = detail_alpha(StandIn(), image, before, "default")
    assert torch.equal(after[:, 280:320, 330:370], before[:, 280:320, 330:370])
    assert torch.equal(after[:, :50], before[:, :50])
    assert torch.equal(image, kept[0])
    assert torch.equal(before, kept[1])
    assert 0 <= float(after.min()) <= float(after.max()) <= 1


@pytest.mark.parametrize("rule", [torch.zeros_like, torch.ones_like, lambda batch: 1 - batch], ids=["nothing", "everything", "inverted"])
def test_answers_that_contradict_the_first_look_count_little(rule: Callable[[Tensor], Tensor]) -> None:
    truth = comb()
    before = coarse(picture(truth))
    after = detail_alpha(StandIn(lambda batch: rule(batch)[:, :1]), picture(truth), before, "default")
    assert (after - truth).abs().sum() < 1.5 * (before - truth).abs().sum()
    assert (after[:, 230:380, 280:420] > 0.9).all()
    assert (after[:, :120] < 0.1).all()


def test_tiles_that_answer_differently_leave_no_seam() -> None:
    truth = torch.linspace(-1, 2, 800).clamp(0, 1).expand(1, 600, 800).contiguous()
    network = StandIn()
    network.rule = lambda batch: (bright(batch) + 0.1 * (-1) ** network.passes).clamp(0, 1)
    after = detail_alpha(network, picture(truth), truth, "default")
    assert network.passes > 4
    assert (after[:, 1:] - after[:, :-1]).abs().max() < 0.01
    assert (after[:, :, 1:] - after[:, :, :-1]).abs().max() < 0.01 + 3 / 800


@pytest.mark.parametrize(
    "alpha", [torch.zeros(1, 300, 400), torch.full((1, 300, 400), 0.2), torch.ones(1, 60, 50)], ids=["no subject", "doubtful", "smaller than the network"]
)
def test_no_pass_where_there_is_nothing_to_look_at(alpha: Tensor) -> None:
    network = StandIn()
    after = detail_alpha(network, picture(alpha), alpha, "default")
    assert torch.equal(after, alpha)
    assert network.passes == 0


def test_a_batch_gives_what_its_pictures_give() -> None:
    truth = torch.cat((comb(), comb().flip(2), torch.zeros(1, 500, 700)))
    together = detail_alpha(StandIn(), picture(truth), coarse(picture(truth)), "default")
    for one in range(3):
        alone = detail_alpha(StandIn(), picture(truth)[one : one + 1], coarse(picture(truth))[one : one + 1], "default")
        assert torch.equal(together[one], alone[0])


def test_arrays_and_tensors_give_the_same() -> None:
    image = picture(comb())
    of_tensors = detail_alpha(StandIn(), image, coarse(image), "default")
    of_arrays = detail_alpha(StandIn(), image.numpy(), coarse(image).numpy(), "default")
    assert isinstance(of_arrays, np.ndarray)
    np.testing.assert_allclose(of_arrays, of_tensors.numpy(), rtol=0, atol=1e-6)


def test_tensors_elsewhere_are_looked_at_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done on devices, done here on tensors that are said to lie elsewhere. There a network's input is not rounded to bytes."""
    image = picture(comb())
    expected = detail_alpha(StandIn(), image, coarse(image), "default")
    for module in ("imaging.areas", "imaging.planes", "imaging.resize", "pipelines.detail"):
        monkeypatch.setattr(f"u2studio.shared_core.{module}.is_on_cpu", lambda one: isinstance(one, np.ndarray))
    elsewhere = detail_alpha(StandIn(), image, coarse(image), "default")
    assert not torch.equal(elsewhere, coarse(image))
    torch.testing.assert_close(elsewhere, expected, rtol=0, atol=1.5 / 255)


def test_every_pass_is_told_and_can_be_the_last() -> None:
    told: list[tuple[int, int]] = []
    network = StandIn()
    detail_alpha(network, picture(comb()), coarse(picture(comb())), "default", lambda done, total, note: told.append((done, total)))
    assert len(told) == network.passes
    assert all(0 <= done < total for done, total in told)

    network = StandIn()

    def stop(done: int, total: int, note: str) -> None:
        if network.passes == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        detail_alpha(network, picture(comb()), coarse(picture(comb())), "default", stop)
    assert network.passes == 2


@pytest.mark.parametrize(("height", "width"), [(1, 900), (900, 1), (65, 700), (333, 71)])
def test_any_size(height: int, width: int) -> None:
    truth = torch.zeros(1, height, width)
    truth[:, height // 4 : height // 4 + max(1, height // 2), width // 4 : width // 4 + max(1, width // 2)] = 1
    after = detail_alpha(StandIn(), picture(truth).mul(255).byte(), truth, "default")
    assert after.shape == truth.shape
    assert after.isfinite().all()


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(BadInput, match="preprocessing"):
        detail_alpha(StandIn(), picture(comb()), comb(), "rembg")
