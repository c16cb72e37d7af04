"""What ComfyUI hands over becomes what the core takes: sizes, shapes, number formats, and masks that mean "none". Needs no ComfyUI."""

from __future__ import annotations

import pytest
import torch

from u2studio.shared_core import BadInput, operation
from u2studio.shared_core.spec import Input, Operation
from u2studio.u2net_nodes.pictures import for_comfyui, for_core

REFINE = operation("refine_alpha")
IMAGE = torch.rand(1, 300, 313, 3, generator=torch.Generator().manual_seed(0))


def test_a_mask_of_another_size_is_fitted_and_stays_within_bounds() -> None:
    mask = for_core(REFINE, {"image": IMAGE, "alpha": torch.ones(1, 512, 512)})["alpha"]
    assert mask.shape == (1, 300, 313)
    assert torch.equal(mask.clamp(0, 1), mask)
    assert torch.allclose(mask, torch.ones(()))


def test_a_mask_without_a_batch_is_one_mask() -> None:
    assert for_core(REFINE, {"image": IMAGE, "alpha": torch.ones(300, 313)})["alpha"].shape == (1, 300, 313)


def test_the_empty_mask_of_load_image_is_refused_where_a_mask_is_needed() -> None:
    with pytest.raises(BadInput, match="alpha is the empty mask that LoadImage gives"):
        for_core(REFINE, {"image": IMAGE, "alpha": torch.zeros(1, 64, 64)})


def test_an_empty_mask_of_the_pictures_own_size_is_a_mask() -> None:
    small = torch.rand(1, 64, 64, 3)
    assert not for_core(REFINE, {"image": small, "alpha": torch.zeros(1, 64, 64)})["alpha"].any()


def test_a_background_keeps_its_own_size() -> None:
    linked = {"foreground": IMAGE, "alpha": torch.ones(1, 300, 313), "background": torch.rand(1, 20, 30, 3)}
    assert for_core(operation("composite"), linked)["background"].shape == (1, 20, 30, 3)


def test_faces_pass_as_they_are() -> None:
    """Their numbers are pixels and degrees: nothing that is cut to 0…1 or scaled with a picture."""
    inputs = tuple(Input(name=kind, kind=kind, title="", help="") for kind in ("faces", "image"))
    takes_both = Operation(id="made_up", family="", title="", summary="", inputs=inputs, parameters=(), outputs=())
    faces = torch.tensor([[1.0, -12.5, 40.0, 120.0, 120.0, -30.0, 0.9], [0.0, 900.0, 3.0, 64.0, 64.0, 0.0, 0.5]])
    assert torch.equal(for_core(takes_both, {"image": IMAGE, "faces": faces})["faces"], faces)
    assert torch.equal(for_comfyui(faces, "faces", torch.device("cpu")), faces)
    assert for_core(takes_both, {"image": IMAGE, "faces": faces[:0]})["faces"].shape == (0, 7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_formats_become_floats_and_come_back_as_floats(dtype: torch.dtype) -> None:
    given = (IMAGE * 1.2 - 0.1).to(dtype)
    before = given.clone()
    image = for_core(operation("matte"), {"image": given})["image"]
    assert image.dtype == torch.float32
    assert torch.equal(image, given.float().clamp(0, 1))
    assert torch.equal(given, before)
    shown = for_comfyui(image.to(dtype)[:, ::2], "image", torch.device("cpu"))
    assert shown.dtype == torch.float32
    assert shown.is_contiguous()
