"""The portrait of a photo: each face drawn as its crop alone is drawn, put back where it was, and nothing else touched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core import BadInput, run
from u2studio.shared_core.arrays import Array
from u2studio.shared_core.door import Outputs
from u2studio.shared_core.models.cache import ModelCache

BOX = {"face": "box", "x": 82.0, "y": 65.0, "width": 107.0}
"""the astronaut's face in `photo`"""


@pytest.fixture
def drawn(photo: Tensor, models: ModelCache) -> Callable[..., Outputs]:
    """The portrait in the classical engine, which asks for no weights."""

    def draw(image: Array = photo, **params: object) -> Outputs:
        return run("portrait", {"image": image}, {"engine": "classical", **params}, models=models)

    return draw


def test_the_face_is_found_and_drawn_in_its_place(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    made = drawn()
    (face,) = made.figures["faces"]  # pyright: ignore[reportGeneralTypeIssues]
    assert abs(face["left"] - 82) < 15
    assert abs(face["top"] - 65) < 15
    lines = made["lines"][0]
    assert lines.shape == photo.shape[1:3]
    assert lines[60:180, 60:215].mean() > 0.05
    assert not lines[250:].any()
    assert torch.equal(made["drawing"][0, 250:], torch.full((163, 287, 3), 255, dtype=torch.uint8))


def test_a_box_by_hand_is_drawn_as_its_crop_is(drawn: Callable[..., Outputs], photo: Tensor, models: ModelCache) -> None:
    whole = drawn(**BOX)["lines"]
    cropped = run("crop_face", {"image": photo}, BOX, models=models)
    crop = run("line_drawing", {"image": cropped["image"]}, {"engine": "classical"}, models=models)["drawing"]
    back = run("paste_face", {"image": torch.full_like(photo, 255), "drawing": crop, "faces": cropped["faces"]}, models=models)["image"]
    inside = (slice(60, 170), slice(70, 200))  # the rim fades out
    assert (1 - back[0, ..., 0].float() / 255 - whole[0])[inside].abs().max() < 0.01


def test_the_whole_picture_is_drawn_as_line_drawing_draws_it(drawn: Callable[..., Outputs], photo: Tensor, models: ModelCache) -> None:
    alone = run("line_drawing", {"image": photo}, {"engine": "classical"}, models=models)
    made = drawn(face="whole")
    assert torch.equal(made["lines"], alone["lines"])
    assert torch.equal(made["ink"], alone["ink"])


def test_arrays_come_back_as_arrays(drawn: Callable[..., Outputs], photo: Tensor, models: ModelCache) -> None:
    array = photo.numpy().copy()
    array.flags.writeable = False
    of_arrays, of_tensors = drawn(array, **BOX), drawn(**BOX)
    for name, tensor in of_tensors.items():
        assert isinstance(of_arrays[name], np.ndarray)
        assert isinstance(tensor, Tensor)
        np.testing.assert_array_equal(of_arrays[name], tensor.numpy())
    crops = run("crop_face", {"image": array}, BOX, models=models)
    back = run("paste_face", {"image": array, "drawing": crops["image"], "faces": crops["faces"]}, models=models)
    assert all(isinstance(one, np.ndarray) for one in (*crops.values(), *back.values()))


def test_a_turned_photo_gives_the_turned_drawing(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    upright = drawn(face="largest")["lines"][0]
    turned = drawn(photo.rot90(1, (1, 2)).contiguous(), face="largest")["lines"][0].rot90(-1)
    both, either = (upright > 0.5) & (turned > 0.5), (upright > 0.5) | (turned > 0.5)
    assert both.sum() > 0.5 * either.sum()


def test_a_picture_without_a_face_is_refused_left_out_or_drawn_whole(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    empty = torch.full_like(photo, 200)
    with pytest.raises(BadInput, match="There is no face"):
        drawn(empty)
    both = torch.cat((photo, empty))
    left_out = drawn(both)
    assert left_out["lines"][0].any()
    assert not left_out["lines"][1].any()
    assert any("left out: 2" in one.text("en") for one in left_out.notices)
    ramp = torch.arange(287).clamp(max=255).byte()[None, None, :, None].expand(1, 413, 287, 3)
    stripes = torch.where(torch.arange(287)[None, None, :, None] // 40 % 2 == 0, ramp // 4, 255 - ramp // 4).byte()
    whole = drawn(torch.cat((photo, stripes)), no_face="whole")
    assert torch.equal(whole["lines"][1], drawn(stripes, face="whole")["lines"][0])


def test_two_faces_are_both_drawn_and_can_be_chosen(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    pair = torch.cat((photo, photo.flip(2)), 2)
    both, first, second = drawn(pair), drawn(pair, face="number", number=1), drawn(pair, face="nearest", x=450.0, y=100.0)
    assert [len(one.figures["faces"]) for one in (both, first, second)] == [2, 1, 1]  # pyright: ignore[reportArgumentType]
    assert not first["lines"][..., 330:].any()
    assert not second["lines"][..., :240].any()
    assert both["lines"][..., :240].any()
    assert both["lines"][..., 330:].any()
    with pytest.raises(BadInput, match="no face number 3; there are 2"):
        drawn(pair, face="number", number=3)


def test_transparent_ink_and_paper_say_the_same(drawn: Callable[..., Outputs]) -> None:
    made = drawn(**BOX, ink_colour="#203060", paper_colour="#fff4e0")
    ink, paper = made["ink"].float() / 255, torch.tensor([255, 244, 224]) / 255
    over = paper + ink[..., 3:] * (ink[..., :3] - paper)
    assert (over - made["drawing"].float() / 255).abs().max() <= 1.01 / 255


def test_ink_over_the_photo_leaves_it_where_there_is_no_ink(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    made = drawn(**BOX, method="ink")
    bare = made["lines"] == 0
    assert bare.any()
    assert torch.equal(made["composite"][bare], photo[bare])


def test_a_cleared_background_is_bare_paper(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    busy = photo.clone()
    noise = torch.randint(0, 256, photo.shape[:3], generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    busy[:, :40] = noise[:, :40, :, None]
    with_it, without = drawn(busy, **BOX)["lines"], drawn(busy, **BOX, clear_background=True)["lines"]
    assert without[:, :20].sum() < 0.1 * with_it[:, :20].sum()
    assert without[:, 70:170, 90:190].sum() > 0.5 * with_it[:, 70:170, 90:190].sum()


def test_a_box_partly_outside_is_drawn_without_a_frame_and_one_outside_refused(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    gray = torch.full_like(photo, 120)
    assert not drawn(gray, face="box", x=-40.0, y=-30.0, width=100.0)["lines"].any()  # nothing to draw: also not where the photo ends
    with pytest.raises(BadInput, match="far larger than the picture"):
        drawn(face="box", x=0.0, y=0.0, width=30000.0)
    with pytest.raises(BadInput, match="outside"):
        drawn(face="box", x=5000.0, y=10.0, width=50.0)


def test_someone_small_who_is_pointed_at_is_drawn(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    small = torch.nn.functional.interpolate(photo.permute(0, 3, 1, 2).float(), scale_factor=0.4, mode="area").round().byte().permute(0, 2, 3, 1)
    pair = torch.cat((photo, torch.full_like(photo, 128)), 2)
    pair[:, 100 : 100 + small.shape[1], 350 : 350 + small.shape[2]] = small
    made = drawn(pair, face="nearest", x=400.0, y=150.0)
    assert not made["lines"][..., :287].any()
    assert made["lines"][..., 340:480].any()


def test_a_picture_without_the_face_of_that_number_is_named(drawn: Callable[..., Outputs], photo: Tensor) -> None:
    pair, one = torch.cat((photo, photo.flip(2)), 2), torch.cat((photo, torch.full_like(photo, 128)), 2)
    made = drawn(torch.cat((pair, one)), face="number", number=2)
    assert made["lines"][0].any()
    assert not made["lines"][1].any()
    assert "There is no face number 2 in these pictures, which are left out: 2." in [notice.text("en") for notice in made.notices]
