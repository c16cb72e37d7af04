"""`--preprocess official` against the authors' own steps on the authors' own file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core import run
from u2studio.shared_core.models.cache import ModelCache

OFFICIAL = {"preprocess": "official", "refine": "none"}


def _levels_apart(rgb: Tensor, authors_mask: Callable[[np.ndarray], np.ndarray], models: ModelCache) -> int:
    ours = run("matte", {"image": rgb}, OFFICIAL, models=models, wanted=("alpha",))["alpha"][0]
    theirs = authors_mask(rgb[0].numpy())
    assert theirs.max() > 240  # a mask without a subject would show nothing
    return int(np.abs(np.rint(ours.numpy() * 255) - theirs.astype(float)).max())


@pytest.mark.parametrize("stem", ["astronaut", "cat", "coffee"])
def test_meets_the_authors_masks(stem: str, load_photo: Callable[[str], Tensor], authors_mask: Callable[[np.ndarray], np.ndarray], models: ModelCache) -> None:
    assert _levels_apart(load_photo(stem), authors_mask, models) <= 1


@pytest.mark.parametrize(("height", "width"), [(149, 225), (200, 151), (413, 287), (600, 211)])
def test_meets_them_at_any_size(
    height: int, width: int, load_photo: Callable[[str], Tensor], authors_mask: Callable[[np.ndarray], np.ndarray], models: ModelCache
) -> None:
    from PIL import Image

    photo = Image.fromarray(load_photo("cat")[0].numpy()).resize((width, height))
    assert _levels_apart(torch.from_numpy(np.array(photo))[None], authors_mask, models) <= 1


def test_meets_them_on_a_dark_photo(load_photo: Callable[[str], Tensor], authors_mask: Callable[[np.ndarray], np.ndarray], models: ModelCache) -> None:
    """Where dividing by the photo's own maximum matters."""
    assert _levels_apart(load_photo("cat") // 4, authors_mask, models) <= 1
