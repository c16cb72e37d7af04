"""Faces as a file: what is written comes back, a person may write one by hand, and what is no list of faces is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core import BadInput
from u2studio.shared_core.cli.faces_file import read_faces, write_faces

HEAD = Path(__file__).resolve().parents[2] / "workflows/inputs/u2studio_head.jpg"
FACES = np.array([[0, 120.5, 80, 200, 200, -12.25, 0.93], [1, -7.1, 0, 64, 64, 0, 0.5]], np.float32)


@pytest.mark.parametrize("faces", [FACES, FACES[:0]], ids=["two", "none"])
def test_what_is_written_comes_back(tmp_path: Path, faces: np.ndarray) -> None:
    file = str(tmp_path / "faces.json")
    write_faces(file, faces, overwrite=False)
    back = read_faces(file)
    assert back.dtype == np.float32
    assert np.array_equal(back, faces)
    assert back.shape == (len(faces), 7)
    with pytest.raises(BadInput, match="already there"):
        write_faces(file, faces, overwrite=False)


def test_each_number_has_its_name(tmp_path: Path) -> None:
    write_faces(str(tmp_path / "faces.json"), FACES, overwrite=False)
    first = json.loads((tmp_path / "faces.json").read_text())[0]
    assert first == {"picture": 0, "left": 120.5, "top": 80.0, "width": 200.0, "height": 200.0, "roll": -12.25, "score": 0.93}


def test_a_box_by_hand_is_a_face(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('[{"left": 3, "top": 4, "width": 50, "height": 50}]')
    assert read_faces(str(file)).tolist() == [[0, 3, 4, 50, 50, 0, 1]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ('{"left": 1}', "holds no list of faces"),
        ("[[0, 1, 2, 3, 4, 5, 6]]", "holds no list of faces"),
        ('[{"left": 3, "top": 4, "width": 50}]', "needs height as a number; it has None"),
        ('[{"left": "3", "top": 4, "width": 50, "height": 50}]', "needs left as a number; it has '3'"),
        ('[{"left": NaN, "top": 4, "width": 50, "height": 50}]', "needs left as a number; it has nan"),
        ('[{"left": true, "top": 4, "width": 50, "height": 50}]', "needs left as a number"),
    ],
)
def test_what_is_no_list_of_faces_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=says) as caught:
        read_faces(str(file))
    assert "bad.json" in str(caught.value)


class TestTheStepsOfAPortrait:
    """detect-faces, crop-face, paste-face, each with the files of the one before."""

    def test_a_crop_goes_back_to_where_it_was(self, u2studio: Callable, tmp_path: Path) -> None:
        faces, crops, crop, whole = (str(tmp_path / name) for name in ("faces.json", "crops.json", "crop.png", "whole.png"))
        assert u2studio("detect-faces", "--image", HEAD, "-o", faces).status == 0
        assert len(read_faces(faces)) == 1
        assert u2studio("crop-face", "--image", HEAD, "--faces", faces, "--faces-out", crops, "-o", crop).status == 0
        assert Image.open(crop).size == (512, 512)
        white = str(tmp_path / "white.png")
        Image.new("RGB", (512, 512), "white").save(white)
        assert u2studio("paste-face", "--image", HEAD, "--drawing", white, "--faces", crops, "-o", whole).status == 0
        changed = (np.asarray(Image.open(whole)) != np.asarray(Image.open(HEAD))).any(2)
        left, top, width, height = read_faces(crops)[0, 1:5].astype(int)
        assert changed[top : top + height, left : left + width].mean() > 0.9
        assert not changed[top + height + int(0.2 * height) + 1 :].any()

    def test_two_faces_want_two_files(self, u2studio: Callable, tmp_path: Path) -> None:
        faces = tmp_path / "faces.json"
        faces.write_text('[{"left": 100, "top": 150, "width": 90, "height": 90}, {"left": 300, "top": 150, "width": 90, "height": 90}]')
        ending = u2studio("crop-face", "--image", HEAD, "--faces", faces, "-o", tmp_path / "crop.png")
        assert ending.status == 1
        assert "put {face} into its name" in ending.err
        assert u2studio("crop-face", "--image", HEAD, "--faces", faces, "-o", tmp_path / "crop_{face}.png").status == 0
        assert sorted(one.name for one in tmp_path.glob("*.png")) == ["crop_1.png", "crop_2.png"]
