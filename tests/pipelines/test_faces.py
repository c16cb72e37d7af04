"""Detect, crop, paste through the door, with the cascade that comes along."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from u2studio.shared_core import BadInput, run
from u2studio.shared_core.errors import ModelMissing
from u2studio.shared_core.imaging.face_crops import place_of
from u2studio.shared_core.imaging.faces import faces_from_rows
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.source import PublishedFile

ASTRONAUT = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "astronaut.jpg"
CASCADE = {"detector": "cascade"}


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    pixels = cv2.imread(str(ASTRONAUT))
    assert pixels is not None
    return torch.from_numpy(np.ascontiguousarray(pixels[..., ::-1]))[None]


class WithoutYuNet(ModelCache):
    def file(self, card_id: str) -> PublishedFile:
        raise ModelMissing("{card}", card=card_id)


@pytest.fixture(scope="module")
def models() -> ModelCache:
    return WithoutYuNet("cpu", "fp32", "torch")


def _two(photo: torch.Tensor) -> torch.Tensor:
    """The astronaut beside herself, smaller and darker: 200 pixels wide the small one."""
    small = cv2.resize(photo[0].numpy(), (300, 300), interpolation=cv2.INTER_AREA)
    canvas = np.full((512, 812, 3), 200, np.uint8)
    canvas[:, :512], canvas[100:400, 512:] = photo[0].numpy(), small
    return torch.from_numpy(canvas)[None]


class TestDetect:
    def test_rows_figures_and_the_batch(self, photo: torch.Tensor, models: ModelCache) -> None:
        made = run("detect_faces", {"image": torch.cat((photo, torch.full_like(photo, 255), photo))}, CASCADE, models=models)
        assert made["faces"].shape == (2, 7)
        assert made["faces"].dtype == torch.float32
        assert made["faces"][:, 0].tolist() == [0, 2]
        figures = made.figures["faces"]
        assert isinstance(figures, list)
        assert figures[1]["picture"] == 3
        assert figures[0]["width"] == pytest.approx(made["faces"][0, 3].item())
        assert not made.notices

    def test_none_is_an_empty_list_and_a_notice(self, models: ModelCache) -> None:
        made = run("detect_faces", {"image": torch.ones(1, 64, 64, 3)}, CASCADE, models=models)
        assert made["faces"].shape == (0, 7)
        assert [notice.text() for notice in made.notices] == ["There is no face in the picture, or none that the detector finds."]

    def test_gray_float_and_transparent_photos_give_the_same_box(self, photo: torch.Tensor, models: ModelCache) -> None:
        opaque = torch.cat((photo, torch.full_like(photo[..., :1], 255)), -1)
        gray = photo.float().mean(-1, keepdim=True).expand(-1, -1, -1, 3) / 255
        first = run("detect_faces", {"image": photo}, CASCADE, models=models)["faces"]
        assert torch.equal(run("detect_faces", {"image": opaque}, CASCADE, models=models)["faces"], first)
        assert torch.equal(run("detect_faces", {"image": photo.float() / 255}, CASCADE, models=models)["faces"], first)
        assert torch.allclose(run("detect_faces", {"image": gray}, CASCADE, models=models)["faces"][:, 1:5], first[:, 1:5], atol=8)

    def test_automatic_without_yunet_is_the_cascade_and_yunet_says_how_to_get_it(self, photo: torch.Tensor, models: ModelCache) -> None:
        assert torch.equal(
            run("detect_faces", {"image": photo}, models=models)["faces"], run("detect_faces", {"image": photo}, CASCADE, models=models)["faces"]
        )
        with pytest.raises(ModelMissing):
            run("detect_faces", {"image": photo}, {"detector": "yunet"}, models=models)

    def test_a_film_is_steady(self, photo: torch.Tensor, models: ModelCache) -> None:
        film = torch.cat([photo.roll(3 * step, 2)[:, :320, 60:380] for step in range(4)])
        made = run("detect_faces", {"image": film}, {**CASCADE, "steady": True}, models=models)["faces"]
        assert made[:, 0].tolist() == [0, 1, 2, 3]
        assert torch.diff(made[:, 1] + made[:, 3] / 2).tolist() == pytest.approx([3, 3, 3], abs=2.5)


class TestCrop:
    def test_faces_are_numbered_from_the_left(self, photo: torch.Tensor, models: ModelCache) -> None:
        image = _two(photo)
        every = run("crop_face", {"image": image}, CASCADE, models=models)
        assert every["image"].shape == (2, 512, 512, 3)
        assert every["faces"][0, 1] < every["faces"][1, 1]
        second = run("crop_face", {"image": image}, {**CASCADE, "face": "number", "number": 2}, models=models)
        assert torch.equal(second["faces"], every["faces"][1:])
        assert torch.equal(second["image"], every["image"][1:])
        assert torch.equal(run("crop_face", {"image": image}, {**CASCADE, "face": "largest"}, models=models)["faces"], every["faces"][:1])
        nearest = run("crop_face", {"image": image}, {**CASCADE, "face": "nearest", "x": 700, "y": 150}, models=models)
        assert (nearest["faces"][0, 1:5] - every["faces"][1, 1:5]).abs().max() < 8  # the same one, looked for among bystanders, too
        with pytest.raises(BadInput, match="no face number 3; there are 2"):
            run("crop_face", {"image": image}, {**CASCADE, "face": "number", "number": 3}, models=models)

    def test_given_faces_are_not_looked_for_again(self, models: ModelCache) -> None:
        rows = torch.tensor([[0.0, 20, 30, 50, 50, 0, 1]])
        made = run("crop_face", {"image": torch.zeros(1, 100, 100, 3), "faces": rows}, {"size": 90}, models=models)
        assert torch.equal(made["faces"], rows)
        assert made["image"].shape == (1, 90, 90, 3)

    def test_the_whole_picture_of_512_is_itself(self, photo: torch.Tensor, models: ModelCache) -> None:
        made = run("crop_face", {"image": photo}, {"face": "whole"}, models=models)
        assert torch.equal(made["image"], photo)

    def test_a_box_by_hand(self, photo: torch.Tensor, models: ModelCache) -> None:
        made = run("crop_face", {"image": photo}, {"face": "box", "x": 170, "y": 67, "width": 104}, models=models)
        assert made["faces"].tolist() == [[0, 170, 67, 104, 104, 0, 1]]

    @pytest.mark.parametrize(
        ("box", "complaint"),
        [
            ({"x": 600, "y": 10, "width": 50}, "outside the picture, which is 512×512"),
            ({"x": -50, "y": 10, "width": 50}, "outside the picture"),
            ({"x": 5, "y": 5}, "give it a width"),
        ],
    )
    def test_boxes_that_are_none(self, photo: torch.Tensor, models: ModelCache, box: dict[str, float], complaint: str) -> None:
        with pytest.raises(BadInput, match=complaint):
            run("crop_face", {"image": photo}, {"face": "box", **box}, models=models)

    def test_nobody_there_says_what_to_do(self, models: ModelCache) -> None:
        with pytest.raises(BadInput, match="Give its box by hand, or take the picture as a whole"):
            run("crop_face", {"image": torch.ones(1, 64, 64, 3)}, CASCADE, models=models)
        with pytest.raises(BadInput, match="no face in the picture"):
            run("crop_face", {"image": torch.ones(1, 64, 64, 3), "faces": torch.zeros(0, 7)}, models=models)

    def test_pictures_without_a_face_are_named(self, photo: torch.Tensor, models: ModelCache) -> None:
        made = run("crop_face", {"image": torch.cat((torch.full_like(photo, 255), photo))}, CASCADE, models=models)
        assert len(made["image"]) == 1
        assert "There is no face in these pictures, which are left out: 1." in [notice.text() for notice in made.notices]

    def test_own_resolution(self, models: ModelCache) -> None:
        image = torch.zeros(1, 3000, 3000, 3, dtype=torch.uint8)
        for width, size in ((400, 720), (100, 512), (1500, 2048)):
            made = run("crop_face", {"image": image}, {"face": "box", "x": 700, "y": 900, "width": width, "size": 0}, models=models)
            assert made["image"].shape == (1, size, size, 3)

    def test_transparent_photos_stand_on_white(self, models: ModelCache) -> None:
        made = run("crop_face", {"image": torch.zeros(1, 60, 60, 4)}, {"face": "whole", "size": 60}, models=models)
        assert (made["image"] == 1).all()

    def test_a_photo_of_100_megapixels(self, models: ModelCache) -> None:
        image = torch.zeros(1, 1, 1, 3, dtype=torch.uint8).expand(1, 10_000, 10_000, 3)
        made = run("crop_face", {"image": image}, {"face": "box", "x": 9000, "y": 100, "width": 2000}, models=models)
        assert made["image"].shape == (1, 512, 512, 3)
        with pytest.raises(BadInput, match="no face"):
            run("crop_face", {"image": image}, CASCADE, models=models)


class TestPaste:
    @pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
    def test_crops_go_back_where_they_were(self, photo: torch.Tensor, models: ModelCache, kind: torch.dtype) -> None:
        image = photo if kind == torch.uint8 else photo.float() / 255
        crops = run("crop_face", {"image": image}, {"face": "box", "x": 170, "y": 67, "width": 104, "size": 186}, models=models)
        place = place_of(faces_from_rows(crops["faces"])[0])
        assert (place.width, place.height) == (104 + 2 * 41, 104 + 62 + 20)
        made = run("paste_face", {"image": image, "drawing": crops["image"], "faces": crops["faces"]}, models=models)
        assert torch.equal(made["image"], image)

    def test_only_the_faces_own_picture_changes_and_only_there(self, photo: torch.Tensor, models: ModelCache) -> None:
        image = torch.cat((photo, photo))
        rows = torch.tensor([[1.0, 170, 67, 100, 100, 0, 1], [1.0, 300, 300, 50, 50, 25, 1]])
        made = run("paste_face", {"image": image, "drawing": torch.zeros(2, 64, 64, 3), "faces": rows}, models=models)["image"]
        assert torch.equal(made[0], photo[0])
        changed = (made[1] != photo[0]).any(-1)
        assert changed[7:187, 130:310].float().mean() > 0.9
        changed[7:187, 130:310] = False
        changed[240:400, 240:400] = False
        assert not changed.any()

    def test_a_transparent_photo_stays_so(self, models: ModelCache) -> None:
        image = torch.rand(1, 90, 90, 4)
        rows = torch.tensor([[0.0, 20, 30, 50, 50, 0, 1]])
        made = run("paste_face", {"image": image, "drawing": torch.zeros(1, 64, 64, 3), "faces": rows}, models=models)["image"]
        assert torch.equal(made[..., 3], image[..., 3])

    def test_bad_drawings(self, models: ModelCache) -> None:
        image, rows = torch.rand(1, 90, 90, 3), torch.tensor([[0.0, 20, 30, 50, 50, 0, 1]])
        with pytest.raises(BadInput, match="64×32 pixels; face crops are square"):
            run("paste_face", {"image": image, "drawing": torch.zeros(1, 32, 64, 3), "faces": rows}, models=models)
        with pytest.raises(BadInput, match="give one for each"):
            run("paste_face", {"image": image, "drawing": torch.zeros(2, 64, 64, 3), "faces": rows}, models=models)


def test_yunet_is_used_where_it_lies_and_stands_in_the_provenance(photo: torch.Tensor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    if "U2STUDIO_DATA" not in os.environ:
        pytest.skip("U2STUDIO_DATA is not set: no YuNet")
    shutil.copy(Path(os.environ["U2STUDIO_DATA"]) / "models" / "face_detection_yunet_2023mar.onnx", tmp_path)
    monkeypatch.setenv("U2STUDIO_MODELS", str(tmp_path))
    made = run("detect_faces", {"image": photo}, models=ModelCache("cpu"))
    assert list(made.provenance["models"]) == ["yunet"]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert len(made["faces"]) == 1
