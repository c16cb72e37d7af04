from __future__ import annotations

import numpy as np
import torch

from u2studio.shared_core.models.engines.split import split_in_place
from u2studio.shared_core.networks.half_precision import split_picture


def split(picture: np.ndarray) -> np.ndarray:
    made = np.full((len(picture), 3 * picture.shape[1], *picture.shape[2:]), 5, np.float32)
    made[:, picture.shape[1] : 2 * picture.shape[1]] = picture
    split_in_place(made)
    return made


def test_pictures_are_split_as_in_the_network() -> None:
    pictures = torch.randn(2, 3, 90, 70, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.from_numpy(split(pictures.numpy())), split_picture(pictures))


def test_every_kind_of_number_is_rounded_as_pytorch_does_it() -> None:
    halves = np.arange(1 << 16, dtype=np.uint32)[:, None] << 16  # every number of bf16, then a little more, half a step, a little more than that
    numbers = (halves + np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)).view(np.float32)
    numbers = np.nan_to_num(numbers, nan=1.0, posinf=np.inf, neginf=-np.inf)[None, None]
    with np.errstate(invalid="ignore"):  # infinity less infinity, in both
        found, expected = split(numbers), split_picture(torch.from_numpy(numbers)).numpy()
    assert np.array_equal(found[:, ::2].view(np.uint32), expected[:, ::2].view(np.uint32))
    assert np.array_equal(found[:, 1], expected[:, 1], equal_nan=True)
