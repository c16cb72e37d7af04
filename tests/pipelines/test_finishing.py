"""The finishing operations through the door, where their parameters meet."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core import operations, run
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.spec import Operation


@pytest.fixture
def mask() -> Tensor:
    """A square with a hole, and a speck: [1, 60, 80]."""
    mask = torch.zeros(1, 60, 80)
    mask[:, 10:40, 10:40] = 1
    mask[:, 20:24, 20:24] = 0
    mask[:, 50:53, 60:63] = 1
    return mask


def test_clean_up_does_nothing_unless_told(mask: Tensor, models: ModelCache) -> None:
    made = run("clean_up", {"alpha": mask}, models=models)["alpha"]
    assert torch.equal(made, mask)
    assert made is not mask


@pytest.mark.parametrize("way", [{"keep": "largest"}, {"minimum_area": 10}])
def test_clean_up_removes_the_speck_alone(way: dict[str, object], mask: Tensor, models: ModelCache) -> None:
    made = run("clean_up", {"alpha": mask}, way, models=models)["alpha"]
    assert made[0, 50:53, 60:63].max() == 0
    assert torch.equal(made[:, :45], mask[:, :45])


def test_clean_up_fills_holes_up_to_a_size(mask: Tensor, models: ModelCache) -> None:
    assert run("clean_up", {"alpha": mask}, {"fill_holes": 16}, models=models)["alpha"][0, 22, 22] == 1
    assert run("clean_up", {"alpha": mask}, {"fill_holes": 15}, models=models)["alpha"][0, 22, 22] == 0


def test_clean_up_hardens_before_it_feathers(mask: Tensor, models: ModelCache) -> None:
    soft = run("clean_up", {"alpha": mask}, {"feather": 4.0}, models=models)["alpha"]
    assert ((soft > 0.05) & (soft < 0.95)).sum() > 200
    hard = run("clean_up", {"alpha": soft}, {"hardness": 100.0}, models=models)["alpha"]
    assert set(hard.unique().tolist()) == {0.0, 1.0}
    both = run("clean_up", {"alpha": soft}, {"hardness": 100.0, "feather": 4.0}, models=models)["alpha"]
    assert ((both > 0.05) & (both < 0.95)).sum() > 200


def test_a_batch_is_cropped_to_what_holds_all_its_subjects(models: ModelCache) -> None:
    image, alpha = torch.rand(2, 50, 70, 3), torch.zeros(2, 50, 70)
    alpha[0, 10:20, 30:40], alpha[1, 15:45, 5:12] = 1, 1
    made = run("crop_to_subject", {"image": image, "alpha": alpha}, {"margin": 3}, models=models)
    assert made.figures["crop"] == {"x": 2, "y": 7, "width": 41, "height": 41}
    assert torch.equal(made["image"], image[:, 7:48, 2:43])
    assert torch.equal(made["alpha"], alpha[:, 7:48, 2:43])


def test_shadow_and_subject_over_a_colour_are_one_picture(models: ModelCache) -> None:
    alpha = torch.zeros(1, 60, 60)
    alpha[:, 10:30, 10:30] = 1
    red = torch.tensor([1.0, 0, 0]).expand(1, 60, 60, 3)
    made = run("drop_shadow", {"foreground": red, "alpha": alpha}, {"right": 10, "down": 10, "softness": 0.0, "opacity": 50.0}, models=models)
    assert torch.equal(made["cutout"][0, 20, 20], torch.tensor([1.0, 0, 0, 1]))
    assert torch.allclose(made["cutout"][0, 35, 35], torch.tensor([0.0, 0, 0, 0.5]))
    assert made["cutout"][0, 50, 50, 3] == 0
    over = run("composite", {"foreground": made["foreground"], "alpha": made["alpha"]}, models=models)["image"]
    assert torch.allclose(over[0, 35, 35], torch.tensor([0.5, 0.5, 0.5]))


def test_what_lies_behind_the_subject(models: ModelCache) -> None:
    alpha = torch.zeros(1, 40, 60)
    alpha[:, 15:25, 25:35] = 1
    photo = torch.zeros(1, 40, 60, 3)
    photo[..., 1] = 0.6
    photo[:, 15:25, 25:35] = 1
    pictures = {"foreground": photo, "alpha": alpha}
    gradient = run("composite", pictures, {"fill": "gradient", "colour": "#000000", "second_colour": "#ffffff", "angle": 0.0}, models=models)["image"][0]
    assert gradient[5, 0].max() < 0.02
    assert gradient[5, 59].min() > 0.98
    assert torch.equal(gradient[20, 30], torch.ones(3))
    blurred = run("composite", pictures, {"fill": "blurred", "blur": 12.0}, models=models)["image"][0]
    assert torch.allclose(blurred[13, 30], torch.tensor([0.0, 0.6, 0.0]), atol=0.01)  # the subject does not glow around itself
    background = torch.full((1, 8, 8, 3), 0.25)
    over = run("composite", {**pictures, "background": background}, {"fill": "gradient"}, models=models)["image"][0]
    assert torch.allclose(over[5, 5], torch.full((3,), 0.25))


def test_a_given_background_is_put_out_of_focus(models: ModelCache) -> None:
    alpha = torch.zeros(1, 40, 60)
    stripes = ((torch.arange(60) // 2) % 2).float()[None, None, :, None].expand(1, 40, 60, 3)
    pictures = {"foreground": torch.zeros(1, 40, 60, 3), "alpha": alpha, "background": stripes}
    assert run("composite", pictures, models=models)["image"].std() > 0.4
    assert run("composite", pictures, {"fill": "blurred", "blur": 12.0}, models=models)["image"].std() < 0.05


@pytest.mark.parametrize("operation", [pytest.param(one, id=one.id) for one in operations() if one.family == "finishing"])
def test_arrays_make_arrays(operation: Operation, photo: Tensor, soft_mask: Tensor, models: ModelCache) -> None:
    given = {one.name: soft_mask if one.kind == "alpha" else photo for one in operation.inputs if not one.optional}
    of_tensors = run(operation.id, given, models=models)
    of_arrays = run(operation.id, {name: one.numpy() for name, one in given.items()}, models=models)
    for name, made in of_arrays.items():
        assert isinstance(made, np.ndarray)
        assert made.flags.writeable
        np.testing.assert_array_equal(made, of_tensors[name].numpy())
