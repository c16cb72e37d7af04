"""The embedded drawing model: its card pins it, and its drawings of persons it never saw are like the authors'."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from u2studio.shared_core.evaluation.line_drawings import compare_drawings
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.store import EMBEDDED, sha256
from u2studio.shared_core.pipelines.network_ink import estimate_ink

FILE = EMBEDDED / "u2netp_portrait.safetensors"
VALIDATION = ("kid1_crop", "kid1_full", "man4_crop", "man4_full")


@pytest.fixture(scope="module")
def pairs() -> Path:
    """The folder of the pairs."""
    folder = Path(os.environ.get("U2STUDIO_DATA", "")) / "portrait_pairs"
    if not os.environ.get("U2STUDIO_DATA") or not folder.is_dir():
        pytest.skip("U2STUDIO_DATA names no folder with portrait_pairs")
    return folder


def drawn(photo: np.ndarray) -> np.ndarray:
    network = ModelCache("cpu", "fp32", "torch").get("u2netp_portrait")
    return estimate_ink(network, torch.from_numpy(photo)[None])[0].numpy()


def test_the_card_pins_the_embedded_file() -> None:
    (source,) = card("u2netp_portrait").sources
    assert (source.kind, source.sha256, source.size) == ("embedded", sha256(FILE), FILE.stat().st_size)
    assert source.size < 4_600_000


def test_drawings_of_new_persons_are_like_the_authors(pairs: Path) -> None:
    figures = []
    for name in VALIDATION:
        photo = np.array(Image.open(pairs / f"{name}_photo.jpg").convert("RGB"))
        truth = 1 - np.asarray(Image.open(pairs / f"{name}_drawing.png").convert("L"), np.float32) / 255
        figures.append(compare_drawings(drawn(photo), truth))
    mean = {name: float(np.mean([getattr(one, name) for one in figures])) for name in ("l1", "ink_f", "rim_f", "ink_share", "true_ink_share", "background")}
    mean["ink_share_error"] = abs(mean["ink_share"] / mean["true_ink_share"] - 1)
    for name, value in card("u2netp_portrait").quality.items():
        assert mean[name] == pytest.approx(value, abs=2e-3), name


def test_white_paper_stays_white() -> None:
    assert drawn(np.full((256, 256, 3), 255, np.uint8)).max() < 0.1
