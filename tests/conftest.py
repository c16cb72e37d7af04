"""What tests of several folders share: a photo of odd size, a soft mask for it, models on the CPU, and stored results to compare with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from u2studio.shared_core.models.cache import ModelCache

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "docs" / "pictures"
EVERY = 3
"""references hold every third pixel of every third row"""


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of the sample photos."""
    return PICTURES


@pytest.fixture(scope="session")
def load_photo() -> Callable[[str], Tensor]:
    """A sample photo by its stem: uint8, [1, H, W, 3]."""
    import torch

    from u2studio.shared_core.imaging.files import read_picture

    return lambda stem: torch.from_numpy(read_picture(PICTURES / f"{stem}.jpg").pixels)[None]


@pytest.fixture(scope="session")
def photo(load_photo: Callable[[str], Tensor]) -> Tensor:
    """287 × 413 pixels around the astronaut: uint8, [1, 413, 287, 3]."""
    return load_photo("astronaut")[:, :413, 90:377].contiguous()


@pytest.fixture(scope="session")
def soft_mask() -> Tensor:
    """A soft ellipse about where the astronaut's head is in `photo`: float32, [1, 413, 287]."""
    import torch

    y, x = torch.arange(413.0)[:, None], torch.arange(287.0)[None]
    distance = (((y - 150) / 120) ** 2 + ((x - 135) / 80) ** 2).sqrt()
    return ((1 - distance) * 5 + 0.5).clamp(0, 1)[None]


@pytest.fixture(scope="session")
def models() -> ModelCache:
    """The engine all figures refer to; for a card whose file does not come with the project, a layer of chance in its place."""
    import torch
    from torch import nn

    from u2studio.shared_core.models.cache import ModelCache
    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.engines.torch_engine import TorchModel

    class Chance(nn.Module):
        def __init__(self, classes: int) -> None:
            super().__init__()
            torch.manual_seed(4)
            self.layer = nn.Conv2d(3, classes, 9, padding=4)

        def forward(self, batch: torch.Tensor) -> list[torch.Tensor]:
            return [8 * self.layer(batch)]

    class Models(ModelCache):
        def get(self, card_id: str):
            wanted = card(card_id)
            if any(one.kind == "embedded" for one in wanted.sources):
                return super().get(card_id)
            return TorchModel(wanted, "chance", Chance(wanted.network.out_channels), self.device, torch.float32)

    return Models("cpu", "fp32", "torch")


@pytest.fixture
def levels_from_reference() -> Callable[[str, Tensor], float]:
    """How many of 255 levels a picture [H, W, …] of values 0..1 (or bytes) differs at most from references/NAME.png.

    With U2STUDIO_WRITE_REFERENCES set the file is written instead, and the test skipped: look at it before you commit it.
    """
    import torch

    from u2studio.shared_core.imaging.files import read_picture, write_picture

    def compare(name: str, picture: Tensor) -> float:
        file = HERE / "references" / f"{name}.png"
        sparse = picture[::EVERY, ::EVERY]
        if os.environ.get("U2STUDIO_WRITE_REFERENCES"):
            write_picture(file, sparse.numpy(), overwrite=True)
            pytest.skip(f"{file.name} is written, not compared")
        stored = read_picture(file)
        pixels = torch.from_numpy(stored.as_alpha() if sparse.ndim == 2 else stored.pixels).float()
        assert pixels.shape == sparse.shape
        found = sparse.float() if sparse.dtype == torch.uint8 else sparse * 255
        return float((found - pixels).abs().max())

    return compare
