"""Faces found, merged, followed and judged, on photos of real people where there are some, and on one that comes along."""

from __future__ import annotations

import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from u2studio.shared_core.errors import ModelCorrupt
from u2studio.shared_core.imaging.face_cascade import faces_by_cascade
from u2studio.shared_core.imaging.face_detection import detected
from u2studio.shared_core.imaging.face_steady import steadied
from u2studio.shared_core.imaging.face_warnings import warnings_of
from u2studio.shared_core.imaging.face_yunet import faces_by_yunet
from u2studio.shared_core.imaging.faces import Face, faces_from_rows, from_left_to_right, largest, merged, nearest, overlap, rows_from_faces

ASTRONAUT = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "astronaut.jpg"
EYES = (202.0, 100.0), (247.0, 103.0)
"""of the astronaut, read off the picture of 512 pixels"""
DATA = os.environ.get("U2STUDIO_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="U2STUDIO_DATA is not set: no faces")


def _photo(file: Path) -> np.ndarray:
    pixels = cv2.imread(str(file))
    assert pixels is not None
    return np.ascontiguousarray(pixels[..., ::-1])


def _astronaut() -> np.ndarray:
    return _photo(ASTRONAUT)


def _yunet() -> Path:
    return Path(DATA) / "models" / "face_detection_yunet_2023mar.onnx"


def _turned(photo: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """The photo turned anticlockwise on a canvas that holds it, and the matrix of points."""
    height, width = photo.shape[:2]
    side = math.ceil(math.hypot(height, width))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return cv2.warpAffine(photo, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), matrix


def _holds_eyes(face: Face, matrix: np.ndarray) -> bool:
    """Whether both eyes lie in the upper half of the box, left and right of its middle, as the head sees it."""
    places = []
    for eye in EYES:
        x, y = matrix @ (*eye, 1)
        turn = math.radians(face.roll)
        x, y = x - face.centre[0], y - face.centre[1]
        places.append(((x * math.cos(turn) - y * math.sin(turn)) / face.width, (x * math.sin(turn) + y * math.cos(turn)) / face.height))
    (left, above), (right, above_too) = places
    return -0.5 < left < 0 < right < 0.5 and all(-0.4 < one < 0.1 for one in (above, above_too))


class TestCascade:
    def test_the_astronaut(self) -> None:
        (face,) = detected(torch.from_numpy(_astronaut()))
        assert _holds_eyes(face, np.eye(2, 3))
        assert abs(face.roll) < 10
        assert 60 < face.width < 110

    @pytest.mark.parametrize("degrees", range(0, 360, 15))
    def test_the_box_follows_a_turned_head(self, degrees: int) -> None:
        turned, matrix = _turned(cv2.resize(_astronaut()[:256, 96:352], (200, 200)), degrees)
        scale = np.array([[200 / 256, 0, -96 * 200 / 256], [0, 200 / 256, 0], [0, 0, 1]])
        (best,) = faces_by_cascade(turned)
        assert _holds_eyes(best, matrix @ scale)
        assert abs(math.remainder(best.roll - degrees, 360)) < 15

    def test_a_float_photo_of_many_megapixels_gives_the_same_box(self) -> None:
        photo = torch.from_numpy(_astronaut())
        large = torch.from_numpy(cv2.resize(photo.numpy(), (3072, 3072), interpolation=cv2.INTER_LINEAR)).float().div_(255)
        (small_face,), (large_face,) = detected(photo), detected(large)
        assert large_face.width / 6 == pytest.approx(small_face.width, rel=0.1)
        assert math.dist(np.divide(large_face.centre, 6), small_face.centre) < 5

    @pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 200), (24, 24)])
    def test_empty_pictures_of_any_size_have_none(self, size: tuple[int, int]) -> None:
        assert faces_by_cascade(np.full((*size, 3), 255, np.uint8)) == []

    def test_an_array_and_a_tensor_give_the_same_faces_and_warnings(self) -> None:
        array, tensor = _astronaut(), torch.from_numpy(_astronaut())
        faces = detected(array)
        assert faces == detected(tensor)
        told = [[notice.text() for notice in warnings_of(photo, faces[0])] for photo in (array, tensor)]
        assert told[0] == told[1] != []

    def test_smaller_faces_than_asked_for_are_left_out(self) -> None:
        assert detected(torch.from_numpy(_astronaut()), smallest=150) == []

    def test_forty_faces(self) -> None:
        head = cv2.resize(_astronaut()[40:200, 140:300], (150, 150))
        crowd = np.tile(head, (5, 8, 1))
        found = detected(torch.from_numpy(crowd))
        assert 38 <= len(found) <= 40
        places = {(int(face.centre[0] // 150), int(face.centre[1] // 150)) for face in found}
        assert len(places) == len(found)


@needs_data
class TestYuNet:
    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "other.onnx").write_bytes(b"no network")
        with pytest.raises(ModelCorrupt, match=r"other\.onnx is damaged"):
            faces_by_yunet(_astronaut(), tmp_path / "other.onnx")

    @pytest.mark.parametrize("degrees", range(0, 360, 15))
    def test_the_box_follows_a_turned_head(self, degrees: int) -> None:
        turned, matrix = _turned(_astronaut(), degrees)
        face = detected(torch.from_numpy(turned), _yunet())[0]
        assert _holds_eyes(face, matrix)
        assert abs(math.remainder(face.roll - degrees, 360)) < 10
        assert all(math.dist(matrix @ (*eye, 1), found) < 6 for eye, found in zip(EYES, face.landmarks, strict=False))

    def test_boxes_are_those_of_the_cascade(self) -> None:
        (one,), (other,) = detected(torch.from_numpy(_astronaut())), detected(torch.from_numpy(_astronaut()), _yunet())
        assert overlap(one, other) > 0.75


@needs_data
def test_hit_rates_on_real_faces() -> None:
    """Each photo holds one face. The figures for all photos stand in docs/faces.md."""
    files = sorted((Path(DATA) / "faces").glob("*.jpg"))[::30]
    hits, strays = 0, 0
    for file in files:
        photo = torch.from_numpy(_photo(file))
        (known,) = detected(photo, _yunet())
        found = detected(photo)
        same = [face for face in found if math.dist(face.centre, known.centre) < 0.3 * known.width and 0.65 < face.width / known.width < 1.5]
        hits += bool(same)
        strays += len(found) - len(same)
    assert hits >= 0.95 * len(files)
    assert strays <= 1


class TestFaces:
    def test_rows_and_back(self) -> None:
        faces = [Face(picture=1, left=2.5, top=3, width=40, height=41, roll=-12, score=0.5), Face(left=0, top=0, width=1, height=1)]
        assert faces_from_rows(rows_from_faces(faces)) == faces
        assert faces_from_rows(torch.from_numpy(rows_from_faces(faces))) == faces
        assert rows_from_faces([]).shape == (0, 7)

    def test_duplicates_are_merged_over_sizes_and_rolls(self) -> None:
        best = Face(left=100, top=100, width=100, height=100, score=0.9)
        same = [Face(left=105, top=95, width=110, height=110, roll=20, score=0.7), Face(left=130, top=140, width=40, height=40, score=0.8)]
        beside = Face(left=200, top=100, width=90, height=90, score=0.6)
        assert merged([*same, beside, best]) == [best, beside]

    def test_overlap_of_equal_and_of_distant_boxes(self) -> None:
        face = Face(left=0, top=0, width=10, height=10)
        assert overlap(face, Face(left=0, top=0, width=10, height=10, roll=45)) == pytest.approx(1)
        assert overlap(face, Face(left=10, top=0, width=10, height=10)) == 0
        assert overlap(face, Face(left=2.5, top=2.5, width=5, height=5)) == pytest.approx(0.25)
        assert 0.2 < overlap(face, Face(left=5, top=0, width=10, height=10)) < 0.3

    def test_which_one(self) -> None:
        left, large, right = (Face(left=x, top=50, width=side, height=side) for x, side in ((0, 20), (50, 60), (200, 30)))
        faces = [right, left, large]
        assert from_left_to_right(faces) == [left, large, right]
        assert largest(faces) is large
        assert nearest(faces, 190, 60) is right


class TestSteady:
    def test_a_moving_face_is_followed_without_trembling(self) -> None:
        rng = np.random.default_rng(3)
        noise = rng.normal(0, 2, (40, 2))
        track = [Face(picture=n, left=100 + 3 * n + noise[n, 0], top=80 + noise[n, 1], width=100, height=100, score=0.9) for n in range(40)]
        followed = steadied(track)
        assert [face.picture for face in followed] == list(range(40))
        error = np.array([(face.left - 100 - 3 * face.picture, face.top - 80) for face in followed])
        assert error.std() < 0.6 * noise.std()
        assert np.abs(np.diff(error, axis=0)).mean() < 0.3 * np.abs(np.diff(noise, axis=0)).mean()
        assert np.abs(error).max() < 5  # no lag, also at the ends

    def test_missed_pictures_are_filled_in_and_two_people_stay_two(self) -> None:
        one = [Face(picture=n, left=100, top=100, width=80, height=80) for n in range(10) if n not in (4, 5)]
        other = [Face(picture=n, left=400, top=100, width=90, height=90) for n in range(10)]
        followed = steadied([*other, *one])
        assert len(followed) == 20
        assert [face.width for face in followed if face.left < 200] == pytest.approx([80] * 10)

    def test_a_roll_across_half_a_turn_stays_there(self) -> None:
        followed = steadied([Face(picture=n, left=0, top=0, width=50, height=50, roll=roll) for n, roll in enumerate((178, -179, 179, -178))])
        assert all(abs(face.roll) > 175 for face in followed)


class TestWarnings:
    @staticmethod
    def _sentences(photo: torch.Tensor, face: Face) -> str:
        return " ".join(notice.text() for notice in warnings_of(photo, face))

    @staticmethod
    def _portrait(brightness: float = 0.6) -> torch.Tensor:
        return torch.full((900, 900, 3), brightness)

    def test_a_good_portrait_has_none(self) -> None:
        assert warnings_of(self._portrait(), Face(left=300, top=300, width=300, height=300)) == []

    @pytest.mark.parametrize(("left", "top"), [(-30, 300), (640, 300), (300, 20), (300, 650)])
    def test_cut_off(self, left: int, top: int) -> None:
        assert "cut off" in self._sentences(self._portrait(), Face(left=left, top=top, width=300, height=300))

    def test_small_names_the_size(self) -> None:
        assert "only 90 pixels wide; below 150" in self._sentences(self._portrait(), Face(left=300, top=300, width=90, height=90))

    def test_dark(self) -> None:
        assert "very dark" in self._sentences(self._portrait(0.2), Face(left=300, top=300, width=300, height=300))

    def test_turned_away_at_any_roll(self) -> None:
        def face(roll: float, nose: float) -> Face:
            upright = Face(left=300, top=300, width=300, height=300, roll=roll)
            points = tuple(upright.at(*place) for place in ((0.3, 0.35), (0.7, 0.35), (nose, 0.6), (0.35, 0.8), (0.65, 0.8)))
            return Face(left=300, top=300, width=300, height=300, roll=roll, landmarks=points)

        for roll in (0, 70):
            assert "turned away" in self._sentences(self._portrait(), face(roll, 0.68))
            assert "turned away" not in self._sentences(self._portrait(), face(roll, 0.56))

    def test_busy(self) -> None:
        photo = self._portrait()
        photo[:, :240] = torch.rand(900, 240, 1, generator=torch.manual_seed(0)).repeat_interleave(8, 0)[:900]
        assert "busy" in self._sentences(photo, Face(left=300, top=300, width=300, height=300))

    @needs_data
    def test_dark_skin_in_good_light_is_not_too_dark(self) -> None:
        for name in ("congress_S001185", "congress_M001137"):
            photo = torch.from_numpy(_photo(Path(DATA) / "faces" / f"{name}.jpg"))
            assert "dark" not in self._sentences(photo, detected(photo, _yunet())[0])
