"""Folders of photos and drawings, and how a pair becomes a sample: photo and ink stay together wherever chance moves them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.pipelines.network_alpha import network_input
from u2studio.shared_core.progress import silent
from u2studio.shared_core.training.portrait import PortraitSettings, PortraitTask
from u2studio.shared_core.training.portrait.pairs import read_drawing, read_face
from u2studio.shared_core.training.portrait.samples import PREPROCESS, PortraitSamples, background, fed, without_border
from u2studio.shared_core.training.portrait.settings import Augmentation, Data
from u2studio.shared_core.training.settings import read_settings

MOVED = Augmentation(frame=0, background=0, gray=0, light=0, spoil=0)


def blob(size: int = 512) -> NDArray[np.uint8]:
    """Smooth gray whose drawing can be told from it: black where the drawing has ink, with nothing the same twice."""
    y, x = np.mgrid[0:size, 0:size] / size
    return ((np.sin(9 * x + 2 * y) * np.cos(7 * y - 3 * x * y) + 1) * 127.5).astype(np.uint8)


def pair(folder: Path, name: str, size: int = 512) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(np.repeat(blob(size)[:, :, None], 3, 2)).save(folder / f"{name}_photo.png")
    Image.fromarray(blob(size)).save(folder / f"{name}_drawing.png")


def prepared(folder: Path, tmp_path: Path, **tables: object) -> PortraitTask:
    task = PortraitTask(read_settings(PortraitSettings, {"data": {"train": str(folder)}, "augmentation": {"background": 0}, **tables}))
    task.prepare(tmp_path / "run", silent)
    return task


def gray_of(image: torch.Tensor) -> torch.Tensor:
    """The photo of a sample, 0..1, from its first channel."""
    return image[0] * PREPROCESS.std[0] + PREPROCESS.mean[0]


def test_photo_and_drawing_of_one_name(tmp_path: Path) -> None:
    for index in range(4):
        pair(tmp_path / "data", f"n{index}")
    task = prepared(tmp_path / "data", tmp_path, augmentation={"background": 0}, data={"train": str(tmp_path / "data"), "held_out": 0.25})
    assert (len(task.training), task.validation_size) == (3, 1)
    sample = task.training.sample(0, np.random.default_rng(0))
    assert (sample["image"].shape, sample["ink"].shape) == ((3, 256, 256), (1, 256, 256))
    assert sample["image"].dtype == sample["ink"].dtype == torch.float32


def test_a_manifest_keeps_persons_apart(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        pair(tmp_path / "data", name)
    rows = ["file\tsplit", "a_photo.png\ttrain", "b_photo.png\tval"]
    (tmp_path / "data/MANIFEST.tsv").write_text("\n".join(rows), encoding="utf-8")
    task = prepared(tmp_path / "data", tmp_path)
    assert [one.name for one in task.training.pairs] == ["data/a"]
    assert [one.name for one in task.validation] == ["data/b"]


def test_apdrawing_s_halves_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for index in range(2):
        both = np.concatenate((np.repeat(blob()[:, :, None], 3, 2), np.full((512, 512, 3), 255, np.uint8)), 1)
        both[:, 512 + 100 : 512 + 104] = 0
        Image.fromarray(both).save(tmp_path / f"data/{index}.png")
    one = prepared(tmp_path / "data", tmp_path).training.pairs[0]
    ink = read_drawing(one)
    assert read_face(one).shape == (512, 512, 3)
    assert (ink[:, 100:104] == 255).all(), "black lines are ink"
    assert not ink[:, :100].any()


def test_pictures_of_other_sizes_are_squashed_to_512(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "data", name, size=700)
    assert read_face(prepared(tmp_path / "data", tmp_path).training.pairs[0]).shape == (512, 512, 3)


def test_all_that_is_wrong_with_a_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name in ("good", "fine", "torn", "small"):
        pair(folder, name)
    pair(folder, "alone")
    (folder / "alone_drawing.png").unlink()
    (folder / "torn_photo.png").write_bytes((folder / "torn_photo.png").read_bytes()[:500])
    Image.fromarray(blob(300)).save(folder / "small_drawing.png")
    with pytest.raises(BadInput) as caught:
        prepared(folder, tmp_path)
    message = str(caught.value)
    assert "3 training pictures cannot be used" in message
    assert all(name in message for name in ("alone_photo.png: no drawing", "torn_photo.png", "512×512 and 300×300"))


def test_folders_that_are_not_there_or_empty_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no folder"):
        prepared(tmp_path / "nowhere", tmp_path)
    with pytest.raises(BadInput, match="names no training pictures"):
        PortraitTask(PortraitSettings()).prepare(tmp_path, silent)


@pytest.mark.parametrize("seed", range(6))
def test_ink_follows_the_photo_through_zoom_turn_stretch_and_flip(tmp_path: Path, seed: int) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "data", name)
    pairs = prepared(tmp_path / "data", tmp_path).training.pairs
    sample = PortraitSamples(pairs, Data(), MOVED).sample(0, np.random.default_rng(seed))
    ink, photo = sample["ink"][0], gray_of(sample["image"])
    inside = ink > 0.02
    assert inside.float().mean() > 0.3
    # the drawing is the photo itself, so ink is what the photo lacks of white
    assert (ink + photo / photo.max() - 1)[inside].abs().max() < 0.03


def test_ink_within_four_pixels_of_the_photo_s_end_goes() -> None:
    inside = np.zeros((40, 40), bool)
    inside[10:, :] = True
    ink = without_border(np.ones((40, 40), np.float32), inside)
    assert not ink[:14].any()
    assert ink[14:].all(), "also at the sample's own edges, where the photo goes on"


def test_a_framed_photo_is_white_beyond_its_end_and_has_no_ink_there(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "data", name)
    pairs = prepared(tmp_path / "data", tmp_path).training.pairs
    chance = Augmentation(flip=0, zoom=1, stretch=0, turn=0, frame=1, background=1, gray=0, light=1, spoil=0.5)
    seen = 0
    for seed in range(8):
        sample = PortraitSamples(pairs, Data(crop=512), chance).sample(0, np.random.default_rng(seed))
        white = (gray_of(sample["image"]) > 0.999) & (sample["image"].amin(0) * PREPROCESS.std[2] + PREPROCESS.mean[2] > 0.9)
        seen += int(white.float().mean() > 0.02)
        corner = [sample["ink"][0, 0, 0], sample["ink"][0, -1, 0], sample["ink"][0, 0, -1], sample["ink"][0, -1, -1]]
        assert min(map(float, corner)) == 0
    assert seen >= 6


def test_the_same_chance_makes_the_same_sample(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "data", name)
    samples = prepared(tmp_path / "data", tmp_path).training
    one, other, third = (samples.sample(0, np.random.default_rng(seed))["image"] for seed in (5, 5, 6))
    assert torch.equal(one, other)
    assert not torch.equal(one, third)


@pytest.mark.parametrize("seed", range(6))
def test_backgrounds_are_colours(seed: int) -> None:
    ground = background(64, np.repeat(blob()[:, :, None], 3, 2), np.random.default_rng(seed))
    assert ground.shape == (64, 64, 3)
    assert ground.min() >= 0
    assert ground.max() <= 255


def test_samples_are_fed_as_the_card_says() -> None:
    photo = np.random.default_rng(0).integers(0, 200, (512, 512, 3), np.uint8)
    torch.testing.assert_close(fed(photo / 255)[None], network_input(torch.from_numpy(photo)[None], PREPROCESS)[0], atol=1e-5, rtol=1e-5)
