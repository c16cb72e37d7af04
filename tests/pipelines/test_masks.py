"""What the default way finds, and what it does not make up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from u2studio.shared_core import run
from u2studio.shared_core.models.cache import ModelCache


@pytest.mark.parametrize("stem", ["astronaut", "cat", "coffee"])
def test_sample_photos_give_the_stored_masks(
    stem: str, load_photo: Callable[[str], Tensor], models: ModelCache, levels_from_reference: Callable[[str, Tensor], float]
) -> None:
    alpha = run("matte", {"image": load_photo(stem)}, models=models, wanted=("alpha",))["alpha"][0]
    assert 0.15 < alpha.mean() < 0.85
    assert levels_from_reference(f"mask_{stem}", alpha) <= 1


def _flat(level: int) -> Tensor:
    return torch.full((1, 300, 401, 3), level, dtype=torch.uint8)


def _noise(strength: float) -> Tensor:
    return (128 + strength * torch.randn(1, 300, 401, 3, generator=torch.Generator().manual_seed(1))).clamp(0, 255).byte()


NOTHING = {
    "black": _flat(0),
    "gray": _flat(128),
    "white": _flat(255),
    "faint noise": _noise(8),
    "strong noise": _noise(80),
    "gradient": torch.linspace(0, 255, 401).byte()[None, None, :, None].expand(1, 300, 401, 3),
}
"""pictures without a subject"""


@pytest.mark.parametrize("what", NOTHING)
@pytest.mark.parametrize("refine", ["none", "guided"])
def test_no_subject_is_made_up(what: str, refine: str, models: ModelCache) -> None:
    """The network answers at most 0.09 here; the authors' program stretches that to 1."""
    alpha = run("matte", {"image": NOTHING[what]}, {"refine": refine}, models=models, wanted=("alpha",))["alpha"]
    assert alpha.max() < 0.15
    assert alpha.mean() < 0.01


@pytest.mark.parametrize("what", NOTHING)
def test_the_official_way_makes_one_up(what: str, models: ModelCache) -> None:
    alpha = run("matte", {"image": NOTHING[what]}, {"preprocess": "official", "refine": "none"}, models=models, wanted=("alpha",))["alpha"]
    assert alpha.max() > 0.8


def test_a_transparent_photo_is_matted_by_its_colours(photo: Tensor, models: ModelCache) -> None:
    with_alpha = torch.cat((photo, torch.zeros_like(photo[..., :1])), -1)
    pair = [run("matte", {"image": one}, models=models, wanted=("alpha",))["alpha"] for one in (photo, with_alpha)]
    assert torch.equal(*pair)


def test_refinement_moves_the_mask_only_near_its_edge(photo: Tensor, models: ModelCache) -> None:
    coarse, refined = (run("matte", {"image": photo}, {"refine": refine}, models=models, wanted=("alpha",))["alpha"][0] for refine in ("none", "guided"))
    changed = (coarse - refined).abs() > 0.02
    soft = torch.nn.functional.max_pool2d(((coarse > 0.02) & (coarse < 0.98)).float()[None, None], 33, 1, 16)[0, 0] > 0
    assert changed.any()
    assert not (changed & ~soft).any()


def test_the_automatic_edge_width_grows_with_the_photo(photo: Tensor, models: ModelCache) -> None:
    automatic = run("matte", {"image": photo}, models=models, wanted=("alpha",))["alpha"]
    said = run("matte", {"image": photo}, {"edge_width": 1.5 * 413 / 320}, models=models, wanted=("alpha",))["alpha"]
    assert torch.equal(automatic, said)
