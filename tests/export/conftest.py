"""A network small enough to be exported in a second, with its card, and pictures to calibrate on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from u2studio.shared_core.models.cards import Card, Network, card
from u2studio.shared_core.models.recognise import build

NETWORK = Network(name="u2net", small=True, mid=(4,) * 11)
CARD = """
title = "Tiny"
summary = "Weights of chance."
task = "matting"
licence = "CC0"
authors = ""
paper = ""
trained_on = ""
limits = ""
files = ["tiny.safetensors"]
sources = []
network = { name = "u2net", small = true, mid = [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4] }

[profiles.default]
preprocess = { size = 64, resize = "antialiased", divide_by_max = true, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] }
reading = { min_max = "always" }
"""


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card's file; tiny.safetensors lies beside it."""
    folder = tmp_path_factory.mktemp("tiny")
    generator = torch.Generator().manual_seed(5)
    state = {}
    for name, like in build(NETWORK, batch_norm=False).state_dict().items():
        scale = 0.05 if like.ndim == 1 else (like[0].numel() / 2) ** -0.5
        state[name] = torch.randn(like.shape, generator=generator) * scale
    save_file(state, folder / "tiny.safetensors")
    (folder / "card.toml").write_text(CARD, encoding="utf-8")
    return folder / "card.toml"


@pytest.fixture
def tiny_card(tiny: Path) -> Card:
    return card(str(tiny))


@pytest.fixture(scope="session")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred little pictures, some of them in a folder inside."""
    folder = tmp_path_factory.mktemp("hundred")
    (folder / "more").mkdir()
    chance = np.random.default_rng(0)
    for number in range(100):
        coarse = Image.fromarray(chance.integers(0, 256, (4, 5, 3), np.uint8))
        coarse.resize((40, 32), Image.Resampling.BICUBIC).save(folder / ("more" if number % 4 else ".") / f"{number:03}.png")
    return folder


@pytest.fixture(autouse=True)
def quick_and_alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are taken once, and what is measured of networks is not kept in the user's cache."""
    monkeypatch.setattr("u2studio.shared_core.export.check.ROUNDS", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
