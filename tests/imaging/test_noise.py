"""What is noise and what only looks grainy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from u2studio.shared_core.imaging.noise import is_noise


@pytest.mark.parametrize("size", [(40, 60), (240, 320), (1, 500), (700, 900)])
def test_noise_of_any_size_is_noise(size: tuple[int, int]) -> None:
    levels = torch.randint(0, 256, (*size, 3), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    assert is_noise(levels)
    assert is_noise(levels / 255)


@pytest.mark.parametrize("stem", ["astronaut", "cat", "coffee"])
def test_a_very_grainy_photo_is_not(stem: str, load_photo: Callable[[str], Tensor]) -> None:
    photo = load_photo(stem)[0] / 255
    assert not is_noise(photo)
    assert not is_noise((photo + 0.15 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1))


def test_a_picture_of_one_colour_or_one_column_is_not() -> None:
    assert not is_noise(torch.full((30, 40, 3), 0.3))
    assert not is_noise(torch.rand(30, 1, 3))
