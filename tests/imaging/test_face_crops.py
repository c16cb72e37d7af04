"""The crop around a head by the published rule, and the way back."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from u2studio.shared_core.arrays import Array
from u2studio.shared_core.imaging.face_crops import Patch, cut, paste, place_of, put_back
from u2studio.shared_core.imaging.faces import Face, faces_from_rows, rows_from_faces, whole_picture


def _photo(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 250, (height, width, 3), dtype=np.uint8))


def _smooth_photo(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(cv2.GaussianBlur(_photo(height, width).numpy(), (0, 0), 6).astype(np.float32) / 255).sub_(0.3).mul_(2).clamp_(0, 1)


def _published(image: np.ndarray, x: int, y: int, w: int, h: int, size: int = 512) -> np.ndarray:
    """The rule as the page of facts states it, written without ours: a canvas of white, large enough on every side."""
    beside, above, below = int(w * 0.4), int(h * 0.6), int(h * 0.2)
    far = 4 * max(image.shape[:2])
    canvas = np.pad(image, ((far, far), (far, far), (0, 0)), constant_values=255)
    crop = canvas[far + y - above : far + y + h + below, far + x - beside : far + x + w + beside]
    height, width = crop.shape[:2]
    if abs(height - width) > 2:
        pad = abs(height - width) // 2
        crop = np.pad(crop, ((0, 0), (pad, pad), (0, 0)) if height > width else ((pad, pad), (0, 0), (0, 0)), constant_values=255)
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


class TestTheRule:
    @pytest.mark.parametrize(
        ("box", "expected"),
        [
            ((400, 500, 100, 100), (360, 440, 180, 180)),  # 40 beside, 60 above, 20 below
            ((10, 500, 101, 101), (-30, 440, 181, 181)),  # int(40.4), int(60.6), int(20.2)
            ((700, 20, 333, 333), (567, -179, 599, 598)),  # int(133.2) = 133 twice, int(199.8) = 199, int(66.6) = 66
            ((3, 4, 7, 7), (1, 0, 11, 12)),  # int(2.8) = 2 twice, int(4.2) = 4, int(1.4) = 1
            ((0, 0, 1, 1), (0, 0, 1, 1)),
        ],
    )
    def test_margins_are_truncated_to_whole_pixels(self, box: tuple[int, int, int, int], expected: tuple[int, int, int, int]) -> None:
        left, top, width, height = box
        place = place_of(Face(left=left, top=top, width=width, height=height))
        assert (place.left, place.top, place.width, place.height) == expected
        assert place.in_whole_pixels

    def test_a_tall_box_becomes_square_by_white_strips_of_half_the_difference_truncated(self) -> None:
        place = place_of(Face(left=500, top=500, width=100, height=141))  # 180 wide; 141 + 84 + 28 = 253 high; 73 / 2 = 36
        assert (place.left, place.top, place.width, place.height) == (460 - 36, 500 - 84, 180 + 72, 253)
        crop = cut(torch.zeros(1000, 1000, 3, dtype=torch.uint8), place, 252)
        assert (crop[:, :35] == 255).all()
        assert (crop[:, -35:] == 255).all()
        assert (crop[:, 37:-37] == 0).all()

    @pytest.mark.parametrize(
        "box",
        [(200, 250, 300, 300), (-20, 300, 200, 200), (900, 300, 180, 180), (400, -40, 250, 250), (380, 700, 220, 220),
         (100, 100, 700, 700), (300, 250, 201, 260), (300, 250, 260, 201), (-300, -300, 1800, 1800)],
        ids=["inside", "left", "right", "above", "below", "all sides", "tall", "wide", "far beyond"],
    )  # fmt: skip
    @pytest.mark.parametrize("size", [64, 160])
    def test_crops_are_the_published_ones_to_the_bit(self, box: tuple[int, int, int, int], size: int) -> None:
        photo = _photo(800, 1000)
        left, top, width, height = box
        crop = cut(photo, place_of(Face(left=left, top=top, width=width, height=height)), size)
        assert np.array_equal(crop.numpy(), _published(photo.numpy(), *box, size=size))

    def test_float_photos_are_white_outside_too(self) -> None:
        crop = cut(torch.zeros(50, 50, 3), place_of(Face(left=-10, top=10, width=30, height=30)), 54)
        assert (crop[:, :22] == 1).all()
        assert (crop[:8] == 1).all()
        assert (crop[8:, 22:] == 0).all()

    def test_the_whole_picture_is_its_own_crop(self) -> None:
        photo = _photo(512, 512)
        face = faces_from_rows(rows_from_faces([whole_picture(512, 512)]))[0]
        assert torch.equal(cut(photo, place_of(face), 512), photo)

    def test_a_whole_wide_picture_has_white_above_and_below(self) -> None:
        face = faces_from_rows(rows_from_faces([whole_picture(4000, 3000)]))[0]
        crop = cut(torch.zeros(3000, 4000, 3, dtype=torch.uint8), place_of(face), 400)
        assert (crop[:50] == 255).all()
        assert (crop[350:] == 255).all()
        assert (crop[50:350] == 0).all()

    def test_small_faces_are_enlarged_smoothly_and_stay_in_range(self) -> None:
        photo = (_photo(60, 60) > 125).float()
        crop = cut(photo, place_of(Face(left=20, top=20, width=20, height=20)), 512)
        assert crop.shape == (512, 512, 3)
        assert crop.min() >= 0
        assert crop.max() <= 1


def _rotated_photo(photo: np.ndarray, degrees: float, centre: tuple[float, float]) -> np.ndarray:
    """OpenCV's positive angle is anticlockwise as one sees it; its centre is a pixel index."""
    matrix = cv2.getRotationMatrix2D((centre[0] - 0.5, centre[1] - 0.5), degrees, 1.0)
    return cv2.warpAffine(photo, matrix, photo.shape[1::-1], flags=cv2.INTER_CUBIC, borderValue=(1, 1, 1))


class TestTurnedHeads:
    @pytest.mark.parametrize("degrees", [-170, -90, -33, 10, 45, 90, 180])
    @pytest.mark.parametrize("size", [90, 180, 400])
    def test_the_crop_of_a_turned_photo_is_that_of_the_upright_one(self, degrees: float, size: int) -> None:
        photo = _smooth_photo(500, 500).numpy()
        face = Face(left=200, top=210, width=100, height=100)
        turned = Face(left=200, top=210, width=100, height=100, roll=degrees)
        expected = cut(torch.from_numpy(photo), place_of(face), size)
        found = cut(torch.from_numpy(_rotated_photo(photo, degrees, face.centre)), place_of(turned), size)
        assert (expected - found).abs().max() < 0.03

    @pytest.mark.parametrize("degrees", [90, 180, -90])
    def test_quarter_turns_are_exact(self, degrees: int) -> None:
        photo = _photo(400, 400)
        turned = torch.rot90(photo, degrees // 90, (0, 1)).contiguous()
        face = Face(left=150, top=150, width=100, height=100)
        found = cut(turned, place_of(Face(left=150, top=150, width=100, height=100, roll=degrees)), 180)
        assert (found.int() - cut(photo, place_of(face), 180).int()).abs().max() <= 1

    def test_much_shrunk_turned_crops_do_not_alias(self) -> None:
        stripes = torch.zeros(2000, 2000, 1)
        stripes[:, ::2] = 1
        crop = cut(stripes, place_of(Face(left=700, top=750, width=600, height=600, roll=20)), 64)
        assert (crop - 0.5).abs().max() < 0.03

    def test_a_tall_turned_box_has_white_strips(self) -> None:
        crop = cut(torch.zeros(600, 600, 3), place_of(Face(left=250, top=250, width=60, height=100, roll=30)), 180)
        assert (crop[:, :35] == 1).all()
        assert (crop[:, -35:] == 1).all()
        assert (crop[20:-20, 40:-40] == 0).all()

    def test_a_place_outside_the_photo_is_white(self) -> None:
        crop = cut(torch.zeros(60, 60, 3), place_of(Face(left=600, top=250, width=60, height=100, roll=30)), 40)
        assert (crop == 1).all()

    def test_points_of_the_box_turn_with_the_head(self) -> None:
        face = Face(left=100, top=100, width=100, height=100, roll=90)  # anticlockwise: the crown points left
        assert face.at(0.5, 0.0) == pytest.approx((100, 150))
        assert face.at(0.0, 0.5) == pytest.approx((150, 200))  # the head's left as one sees it is now below


class TestTheWayBack:
    @pytest.mark.parametrize(
        "box", [(200, 250, 150, 150), (-20, 300, 200, 200), (900, 300, 180, 180), (400, -40, 250, 250), (380, 700, 220, 220), (300, 250, 200, 260)]
    )
    @pytest.mark.parametrize("kind", ["uint8", "float32"])
    def test_crop_and_paste_change_no_bit_when_nothing_is_scaled_or_turned(self, box: tuple[int, int, int, int], kind: str) -> None:
        photo = _photo(800, 1000) if kind == "uint8" else _photo(800, 1000).float().div_(255)
        place = place_of(Face(left=box[0], top=box[1], width=box[2], height=box[3]))
        patch = put_back(cut(photo, place, int(place.width)), place, 800, 1000)
        assert patch is not None
        assert (patch.cover == 1).all()
        assert torch.equal(paste(torch.zeros_like(photo), [patch])[patch.rows, patch.columns], photo[patch.rows, patch.columns])
        assert torch.equal(paste(photo, [patch]), photo)

    @pytest.mark.parametrize("degrees", [0, 15, -40, 90, 160])
    @pytest.mark.parametrize("size", [150, 512])
    def test_scaled_and_turned_crops_come_back_to_their_place(self, degrees: float, size: int) -> None:
        photo = _smooth_photo(500, 500)
        place = place_of(Face(left=180, top=190, width=120, height=120, roll=degrees))
        patch = put_back(cut(photo, place, size), place, 500, 500)
        assert patch is not None
        sure = patch.cover == 1
        assert ((patch.values - photo[patch.rows, patch.columns]).abs().amax(-1) * sure).max() < 0.02

    @pytest.mark.parametrize("degrees", [0, 25])
    @pytest.mark.parametrize("feather", [0, 20])
    def test_nothing_outside_the_crop_changes(self, degrees: float, feather: float) -> None:
        photo = _photo(400, 400)
        face = Face(left=150, top=160, width=80, height=80, roll=degrees)
        place = place_of(face)
        patch = put_back(torch.zeros(512, 512), place, 400, 400, feather)
        assert patch is not None
        changed = (paste(photo, [patch]) != photo).any(-1).nonzero()
        assert len(changed) > 1000
        for y, x in changed[::37].tolist():
            angle = math.radians(-degrees)
            dx, dy = x + 0.5 - face.centre[0], y + 0.5 - face.centre[1]
            across, down = dx * math.cos(angle) + dy * math.sin(angle), -dx * math.sin(angle) + dy * math.cos(angle)
            assert abs(across) <= 72.71  # 0.9 widths and half a pixel's diagonal
            assert -88.71 <= down <= 56.71

    def test_a_feathered_rim_is_soft_but_not_where_the_photo_ends(self) -> None:
        patch = put_back(torch.zeros(180, 180), place_of(Face(left=0, top=200, width=100, height=100)), 600, 600, feather=20)
        assert patch is not None
        assert patch.cover[90, 0] == 1
        assert 0 < patch.cover[90, -1] < 0.1
        assert (patch.cover[90, :100] == 1).all()

    def test_overlapping_patches_each_show_in_their_middle(self) -> None:
        photo = torch.full((400, 600, 3), 0.5)
        places = [place_of(Face(left=left, top=150, width=100, height=100)) for left in (150, 250)]
        black, white = (put_back(torch.full((180, 180), value), place, 400, 600, feather=10) for value, place in zip((0.0, 1.0), places, strict=True))
        assert isinstance(black, Patch)
        assert isinstance(white, Patch)
        made = paste(photo, [black, white])[200, :, 0]
        assert made[180] < 0.01
        assert made[320] > 0.99
        assert made[245:256].mean() == pytest.approx(0.5, abs=0.05)
        assert torch.allclose(made, paste(photo, [white, black])[200, :, 0], atol=0.15)

    def test_a_place_outside_the_photo_has_no_patch(self) -> None:
        assert put_back(torch.zeros(64, 64), place_of(Face(left=900, top=0, width=50, height=50)), 100, 100) is None


@pytest.mark.parametrize("roll", [0, 20])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_arrays_are_cut_and_pasted_as_tensors_are(roll: float, kind: str) -> None:
    def pasted(photo: Array) -> tuple[Array, Array]:
        places = [place_of(Face(left=left, top=60, width=60, height=60, roll=roll)) for left in (50, 90)]
        patches = [put_back(cut(photo, place, size), place, 200, 240, 7) for place, size in zip(places, (64, 200), strict=True)]
        return cut(photo, places[0], 64), paste(photo, [one for one in patches if one is not None])

    photo = _photo(200, 240) if kind == "uint8" else _smooth_photo(200, 240)
    array = photo.numpy().copy()
    array.flags.writeable = False
    for of_array, of_tensor in zip(pasted(array), pasted(photo), strict=True):
        assert isinstance(of_array, np.ndarray)
        assert isinstance(of_tensor, torch.Tensor)
        assert of_array.dtype == kind
        np.testing.assert_allclose(of_array, of_tensor.numpy(), rtol=1e-6)
