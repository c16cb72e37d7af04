"""Enlarging: known pictures, tiles without seams, and the models that are none for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core.arrays import Array, alike, as_tensor
from u2studio.shared_core.errors import BadInput, Cancelled
from u2studio.shared_core.models.cards import Card, card
from u2studio.shared_core.models.source import PublishedFile
from u2studio.shared_core.networks.rrdbnet import RRDBNet
from u2studio.shared_core.pipelines.job import Job
from u2studio.shared_core.pipelines.upscale import enlarged
from u2studio.shared_core.progress import silent


class Drawn:
    """A `Model` of the card `realesrgan_x4plus` that is this function."""

    sha256 = "0" * 64

    def __init__(self, function, card_id: str = "realesrgan_x4plus", side: int = 160) -> None:
        known = card(card_id)
        profile = known.profile()
        self.card: Card = replace(known, profiles={"default": replace(profile, preprocess=replace(profile.preprocess, size=side))})
        self.function = function
        self.passes = 0

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        self.passes += 1
        return [alike(self.function(as_tensor(batch)), batch)]

    def get(self, card_id: str) -> Drawn:
        return self

    def file(self, card_id: str) -> PublishedFile:
        raise AssertionError(card_id)


def _job(model: Drawn, progress=silent) -> Job:
    return Job(models=model, progress=progress, wanted=frozenset())


def _blocks(batch: Tensor) -> Tensor:
    return batch.repeat_interleave(4, 2).repeat_interleave(4, 3)


def test_four_times_is_the_networks_own_picture_over_all_tiles() -> None:
    picture, model = torch.rand(2, 300, 170, 3), Drawn(_blocks)
    large = enlarged(picture, 4, _job(model), "realesrgan_x4plus")
    assert model.passes == 2 * 3 * 2
    torch.testing.assert_close(large, picture.repeat_interleave(4, 1).repeat_interleave(4, 2), atol=2e-6, rtol=0)


def test_tiles_leave_no_seam() -> None:
    """A network that sees zeros beyond a tile answers otherwise there; over a picture of several tiles that must not show."""
    torch.manual_seed(3)
    network = RRDBNet(blocks=2).eval()
    network.conv_last.weight.data.mul_(30)  # so that the picture is no flat gray
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 10, 16), scale_factor=8, mode="bicubic").clamp(0, 1)
    with torch.inference_mode():
        low, high = network(picture)[0].aminmax()
        network.conv_last.weight.data.div_(high - low)
        network.conv_last.bias.data.sub_(low).div_(high - low)  # pyright: ignore[reportOptionalMemberAccess]
        whole = network(picture)[0].clamp(0, 1)
        model = Drawn(lambda batch: network(batch)[0], side=56)
        large = enlarged(picture.permute(0, 2, 3, 1), 4, _job(model), "realesrgan_x4plus").permute(0, 3, 1, 2)
    assert model.passes == 2 * 4
    assert float((large - whole).abs().max()) < 1 / 255


@pytest.mark.parametrize("factor", [1, 1.7, 3, 5.5])
@pytest.mark.parametrize("model_id", [None, "realesrgan_x4plus"])
def test_sizes(factor: float, model_id: str | None) -> None:
    large = enlarged(torch.full((1, 20, 31, 4), 0.25), factor, _job(Drawn(_blocks)), model_id)
    assert large.shape == (1, round(20 * factor), round(31 * factor), 4)
    torch.testing.assert_close(large, torch.full_like(large, 0.25), atol=1e-5, rtol=0)


def test_bytes_are_taken_too() -> None:
    picture = torch.randint(0, 256, (1, 12, 9, 3), dtype=torch.uint8)
    torch.testing.assert_close(enlarged(picture, 3, _job(Drawn(_blocks))), enlarged(picture / 255, 3, _job(Drawn(_blocks))), atol=1e-6, rtol=0)


@pytest.mark.parametrize("model_id", [None, "realesrgan_x4plus"])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_arrays_are_enlarged_as_tensors_are(kind: str, model_id: str | None) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (2, 30, 50, 4), np.uint8)
    array = picture if kind == "uint8" else (picture / 255).astype(np.float32)
    of_array, of_tensor = (enlarged(one, 2.5, _job(Drawn(_blocks, side=64)), model_id) for one in (array, torch.from_numpy(array)))
    assert isinstance(of_array, np.ndarray)
    assert isinstance(of_tensor, Tensor)
    assert of_array.dtype == np.float32
    np.testing.assert_allclose(of_array, of_tensor.numpy(), atol=1e-6)


def test_lanczos_keeps_a_ramp_of_16_bits() -> None:
    ramp = (torch.arange(64) * 16 / 65535).expand(4, 64)[None, ..., None].repeat(1, 1, 1, 3)
    large = enlarged(ramp, 2, _job(Drawn(_blocks)))[0, 4, 16:-16, 0]
    torch.testing.assert_close(large, (torch.arange(128)[16:-16] * 0.5 - 0.25) * 16 / 65535, atol=1 / 65535, rtol=0)


def test_a_model_for_masks_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="'u2netp' does not enlarge pictures"):
        enlarged(torch.rand(1, 8, 8, 3), 2, _job(Drawn(_blocks, "u2netp")), "u2netp")


def test_what_was_used_is_recorded_and_can_be_stopped() -> None:
    job = _job(Drawn(_blocks))
    enlarged(torch.rand(1, 8, 8, 3), 2, job, "realesrgan_x4plus")
    assert job.models_used == {"realesrgan_x4plus": "0" * 64}

    def stop(done: int, total: int, note: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        enlarged(torch.rand(1, 8, 8, 3), 2, _job(Drawn(_blocks), stop), "realesrgan_x4plus")
