"""Data folders as people have them, and everything that is wrong with them said at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.progress import silent
from u2studio.shared_core.training.matting import MattingSettings, MattingTask
from u2studio.shared_core.training.matting.labelme import grabcut
from u2studio.shared_core.training.matting.pairs import PhotoMask, held_out, read_mask
from u2studio.shared_core.training.matting.samples import MEAN, STD, MattingSamples, jittered, label
from u2studio.shared_core.training.matting.settings import Augmentation, Data
from u2studio.shared_core.training.settings import read_settings

SIZE = 24, 20


def photo(width: int = SIZE[0], height: int = SIZE[1], seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def mask(width: int = SIZE[0], height: int = SIZE[1]) -> Image.Image:
    plane = np.zeros((height, width), np.uint8)
    plane[height // 4 : height // 2, width // 4 : width // 2] = 255
    return Image.fromarray(plane)


def two_folders(folder: Path, names: tuple[str, str] = ("images", "masks"), count: int = 4) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
    for index in range(count):
        photo(seed=index).save(folder / names[0] / f"{index}.jpg")
        mask().save(folder / names[1] / f"{index}.png")
    return folder


def prepared(folder: Path, tmp_path: Path, **data: object) -> MattingTask:
    task = MattingTask(read_settings(MattingSettings, {"data": {"train": str(folder), "size": 32, "crop": 28, "held_out": 0.25, **data}}))
    task.prepare(tmp_path / "run", silent)
    return task


def counts(task: MattingTask) -> tuple[int, int]:
    return len(task.training), task.validation_size


@pytest.mark.parametrize("names", [("DUTS-TR-Image", "DUTS-TR-Mask"), ("images", "masks"), ("im", "gt")], ids=str)
def test_photos_and_masks_in_two_folders(tmp_path: Path, names: tuple[str, str]) -> None:
    task = prepared(two_folders(tmp_path / "data", names), tmp_path)
    assert counts(task) == (3, 1)
    sample = task.training.sample(0, np.random.default_rng(0))
    assert (sample["image"].shape, sample["alpha"].shape) == ((3, 28, 28), (1, 28, 28))
    assert sample["image"].dtype == sample["alpha"].dtype == torch.float32
    assert set(sample["alpha"].unique().tolist()) == {0.0, 1.0}


def test_a_manifest_says_what_is_for_validation(tmp_path: Path) -> None:
    folder = two_folders(tmp_path / "data")
    (folder / "MANIFEST.tsv").write_text("file\tsplit\nimages/0.jpg\ttrain\nimages/1.jpg\tval\nimages/2.jpg\ttest\n")
    task = prepared(folder, tmp_path)
    assert counts(task) == (1, 1), "3.jpg is not listed, 2.jpg is for testing"
    assert task.validation[0].name == "data/1"


def test_a_folder_of_its_own_for_validation(tmp_path: Path) -> None:
    assert counts(prepared(two_folders(tmp_path / "a"), tmp_path, validation=[str(two_folders(tmp_path / "b", count=2))])) == (4, 2)


def test_variables_and_home_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_folders(tmp_path / "data")
    monkeypatch.setenv("PHOTOS_OF_MINE", str(tmp_path))
    assert counts(prepared(Path("$PHOTOS_OF_MINE/data"), tmp_path)) == (3, 1)


def test_halves(tmp_path: Path) -> None:
    folder = tmp_path / "drawings"
    folder.mkdir()
    for index in range(3):
        both = Image.new("RGB", (40, 20), "white")
        both.paste(photo(20, 20, index), (0, 0))
        both.putpixel((25, 10), (0, 0, 0))
        both.save(folder / f"{index}.png")
    task = prepared(folder, tmp_path, invert=True)
    assert counts(task) == (2, 1)
    drawing = read_mask(task.training.pairs[0])
    assert drawing.shape == (20, 20)
    assert np.argwhere(drawing == 0).tolist() == [[10, 5]], "the line, in the right half"
    assert label(drawing, task.settings.data).sum() > 0, "lines are 1"


def labelled(folder: Path, name: str, shapes: list[dict[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    photo().save(folder / f"{name}.png")
    (folder / f"{name}.json").write_text(json.dumps({"shapes": shapes, "imagePath": f"{name}.png"}))


def test_labelme_shapes(tmp_path: Path) -> None:
    folder = tmp_path / "labelled"
    labelled(folder, "polygon", [{"points": [[2, 2], [9, 2], [9, 9], [2, 9]], "shape_type": "polygon"}])
    labelled(folder, "circle", [{"points": [[12, 10], [12, 14]], "shape_type": "circle"}])
    labelled(folder, "rectangle", [{"points": [[4, 3], [10, 8]], "shape_type": "rectangle"}])
    task = prepared(folder, tmp_path, boxes="fill")
    masks = {one.name: read_mask(one) for one in (*task.training.pairs, *task.validation)}
    assert masks["labelled/polygon"].sum() == 64
    assert masks["labelled/rectangle"].sum() == 6 * 5
    assert 40 < masks["labelled/circle"].sum() < 60


def test_grabcut_finds_the_subject_in_a_box(load_photo: Callable[[str], torch.Tensor]) -> None:
    scene = np.full((60, 80, 3), (40, 90, 200), np.uint8) + np.random.default_rng(0).integers(0, 12, (60, 80, 3), np.uint8)
    y, x = np.mgrid[:60, :80]
    subject = (y - 30) ** 2 + (x - 40) ** 2 < 15**2
    scene[subject] = (220, 60, 30)
    found = grabcut(scene, (20, 10, 40, 40)) > 0
    assert (found & subject).sum() / (found | subject).sum() > 0.95
    assert (grabcut(scene, (20, 10, 40, 40)) == grabcut(scene, (20, 10, 40, 40))).all()


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    folder = two_folders(tmp_path / "data", count=8)
    (folder / "masks" / "0.png").unlink()
    (folder / "images" / "1.jpg").unlink()
    mask(10, 10).save(folder / "masks" / "2.png")
    (folder / "images" / "3.jpg").write_bytes((folder / "images" / "3.jpg").read_bytes()[:60])
    (folder / "masks" / "4.png").write_bytes(b"not a picture")
    with pytest.raises(BadInput) as caught:
        prepared(folder, tmp_path)
    text = str(caught.value)
    assert text.startswith("5 training pictures cannot be used")
    for words in ("0.jpg: no mask", "1.png: no photo", "photo and mask are 24×20 and 10×10", "3.jpg", "4.png"):
        assert words in text


def test_wrong_labels_are_said_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "labelled"
    for index in range(3):
        labelled(folder, f"good{index}", [{"points": [[2, 2], [9, 2], [9, 9]]}])
    labelled(folder, "two points", [{"points": [[2, 2], [9, 2]]}])
    labelled(folder, "a line", [{"points": [[2, 2], [9, 2]], "shape_type": "linestrip"}])
    labelled(folder, "no photo", [])
    (folder / "no photo.png").unlink()
    with pytest.raises(BadInput) as caught:
        prepared(folder, tmp_path)
    assert all(words in str(caught.value) for words in ("3 training pictures", "fewer than three", "linestrip", "no photo"))


@pytest.mark.parametrize("content", [[], ["photo.jpg"]], ids=["empty", "no masks"])
def test_folders_without_pairs(tmp_path: Path, content: list[str]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in content:
        photo().save(folder / name)
    with pytest.raises(BadInput):
        prepared(folder, tmp_path)


def test_no_folder_and_no_data(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder"):
        prepared(tmp_path / "nowhere", tmp_path)
    with pytest.raises(BadInput, match=r"--set data\.train=FOLDER"):
        MattingTask(MattingSettings()).prepare(tmp_path, silent)


def test_the_hash_knows_names_and_bytes(tmp_path: Path) -> None:
    folder = two_folders(tmp_path / "data")
    first = prepared(folder, tmp_path).data_hash
    assert prepared(folder, tmp_path).data_hash == first
    photo(seed=99).save(folder / "images" / "0.jpg")
    assert prepared(folder, tmp_path).data_hash != first


def test_held_out_pictures_stay_when_others_come() -> None:
    def pairs(count: int) -> list[PhotoMask]:
        return [PhotoMask(str(index), Path(f"{index}.jpg"), None) for index in range(count)]

    train, validation = held_out(pairs(100), 0.1)
    assert (len(train), len(validation)) == (90, 10)
    _, more = held_out(pairs(110), 0.1)
    assert len({one.name for one in validation} & {one.name for one in more}) >= 8


def test_a_sample_without_chance_is_the_authors_arithmetic(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    two_folders(folder, count=2)
    task = prepared(folder, tmp_path, size=20, crop=20)
    flat = MattingSamples(task.training.pairs, task.settings.data, Augmentation(flip_horizontal=0))
    sample = flat.sample(0, np.random.default_rng(0))
    plain = sample["image"] * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    assert plain.max().item() == pytest.approx(1, abs=1e-6), "divided by its own maximum"
    assert plain.min().item() >= -1e-6


def test_flips_go_together() -> None:
    data = Data(size=32, crop=32)
    pair = PhotoMask("p", Path(), Path())
    upright, flipped = (
        MattingSamples((pair,), data, Augmentation(flip_horizontal=share, flip_vertical=share)) for share in (0.0, 1.0)
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        module = "u2studio.shared_core.training.matting.samples"
        patch.setattr(f"{module}.read_photo", lambda _: np.array(photo(32, 32)))
        patch.setattr(f"{module}.read_mask", lambda _: np.asarray(mask(32, 32), np.float32) / 255)
        one, other = (samples.sample(0, np.random.default_rng(0)) for samples in (upright, flipped))
    for name in ("image", "alpha"):
        assert torch.equal(one[name], other[name].flip((-1, -2)))
    assert not torch.equal(one["alpha"], other["alpha"])


def test_jitter_stays_in_its_bounds() -> None:
    gray = np.full((3, 64, 64), 0.5, np.float32)
    gray[:, ::2] = 0.3
    means, spreads = [], []
    for seed in range(200):
        changed = jittered(gray, Augmentation(brightness=0.2, contrast=0.15), np.random.default_rng(seed))
        means.append(changed.mean() / 0.4)
        spreads.append(changed.std() / 0.1 / means[-1])
    assert 0.8 <= min(means) < 0.82
    assert 1.18 < max(means) <= 1.2001
    assert 0.85 - 1e-4 <= min(spreads) < 0.87
    assert 1.13 < max(spreads) <= 1.1501


def test_noise_has_its_deviation() -> None:
    noisy = jittered(np.full((3, 64, 64), 0.5, np.float32), Augmentation(noise=0.01), np.random.default_rng(0))
    assert noisy.std() == pytest.approx(0.01, rel=0.03)


def test_hard_labels_stay_hard_and_soft_ones_soft() -> None:
    alpha = np.linspace(0, 0.5, 50 * 50, dtype=np.float32).reshape(50, 50)
    assert label(alpha, Data(size=32, soft_labels=True)).max() == pytest.approx(0.5, abs=0.01), "an alpha is not stretched"
    assert label(alpha, Data(size=32)).max() == pytest.approx(1), "a mask is divided by its maximum"
    assert label(np.zeros((5, 5), np.float32), Data(size=32)).max() == 0
    hard = (np.asarray(mask(50, 50)) / 255).astype(np.float32)
    assert set(np.unique(label(hard, Data(size=32)))) == {0.0, 1.0}


def test_figures_are_the_evaluation_s(tmp_path: Path) -> None:
    """What validation says is what the evaluation's report says of the same maps."""
    from u2studio.shared_core.evaluation.report import Report, scores

    task = prepared(two_folders(tmp_path / "data", count=4), tmp_path, held_out=0.5)
    random = torch.Generator().manual_seed(0)
    maps = {one.name: torch.rand(1, 1, SIZE[1], SIZE[0], generator=random) for one in task.validation}
    task._alpha = lambda network, pair, device: maps[pair.name]  # pyright: ignore[reportAttributeAccessIssue]
    measured = task.summary([task.measure({"network": torch.nn.Identity()}, index, torch.device("cpu")) for index in range(2)])
    report = Report.of("maps", {one.name: scores(maps[one.name][0, 0].numpy(), read_mask(one)) for one in task.validation}).summary
    assert measured == pytest.approx({name: report[name] for name in measured})


def test_grabcut_that_loses_the_subject_gives_the_box() -> None:
    flat = np.full((40, 50, 3), 128, np.uint8)
    found = grabcut(flat, (10, 5, 20, 20))
    assert (found[5:25, 10:30] == 255).all()
    assert (found > 0).sum() == 400
