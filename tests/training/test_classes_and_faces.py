"""Networks that tell classes apart, and faces brought to one place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.progress import silent
from u2studio.shared_core.training.matting import MattingSettings, MattingTask
from u2studio.shared_core.training.matting.classes import as_shares, coloured, confusion, figures
from u2studio.shared_core.training.matting.faces import TARGETS, aligned, read_landmarks, similarity
from u2studio.shared_core.training.matting.losses import bce, dice
from u2studio.shared_core.training.matting.networks import build_network
from u2studio.shared_core.training.matting.settings import NetworkSettings
from u2studio.shared_core.training.settings import read_settings

CLASSES = ["ground", "disc", "box"]


def labelled(folder: Path, count: int = 4, more: str = "box") -> Path:
    folder.mkdir()
    for index in range(count):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (20, 24, 3), np.uint8)).save(folder / f"{index}.png")
        shapes = [
            {"label": "disc", "points": [[8, 10], [8, 14]], "shape_type": "circle"},
            {"label": more, "points": [[12, 4], [20, 4], [20, 12], [12, 12]], "shape_type": "polygon"},
        ]
        (folder / f"{index}.json").write_text(json.dumps({"shapes": shapes, "imagePath": f"{index}.png"}))
    return folder


def prepared(folder: Path, run: Path, **more: dict[str, object]) -> MattingTask:
    data = {"train": str(folder), "size": 32, "crop": 32, "classes": CLASSES, "held_out": 0.25, **more.pop("data", {})}
    task = MattingTask(read_settings(MattingSettings, {"data": data, **more}))
    task.prepare(run, silent)
    return task


def test_a_step_with_classes(tmp_path: Path) -> None:
    task = prepared(labelled(tmp_path / "data"), tmp_path / "run", loss={"dice": 0.5, "class_weights": [1, 2, 2]})
    sample = task.training.sample(0, np.random.default_rng(0))
    assert sample["alpha"].shape == (3, 32, 32)
    assert torch.equal(sample["alpha"].sum(0), torch.ones(32, 32)), "each pixel is of one class"
    torch.manual_seed(0)
    modules = task.build()
    batch = {name: torch.stack([value, value]) for name, value in sample.items()}
    terms = task.losses("network", modules, batch, 0)
    assert set(terms) == {"bce", "dice"}
    torch.stack(list(terms.values())).sum().backward()
    for module in modules.values():
        module.eval()
    with torch.inference_mode():
        measured = task.summary([task.measure(modules, 0, torch.device("cpu"))])
        assert task.sheet(modules, 1, torch.device("cpu")).shape[2] == 3
    assert set(measured) == set(task.directions)
    card = task.card(measured)
    assert (card["network"]["out_channels"], card["classes"], card["profiles"]["default"]["reading"]["activation"]) == (3, CLASSES, "softmax")


def test_unknown_labels_and_class_numbers_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the label cup is none of ground, disc, box"):
        prepared(labelled(tmp_path / "data", more="cup"), tmp_path / "run")
    for name in ("images", "masks"):
        (tmp_path / "two" / name).mkdir(parents=True)
        Image.new("L", (8, 8), 7).save(tmp_path / "two" / name / "a.png")
    with pytest.raises(BadInput, match="7 name no class; there are 0 to 2"):
        prepared(tmp_path / "two", tmp_path / "run")


def test_class_settings_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"class_weights is \[1\.0\]; it must be a list of 3"):
        prepared(tmp_path, tmp_path / "run", loss={"class_weights": [1]})
    with pytest.raises(BadInput, match="names one class"):
        prepared(tmp_path, tmp_path / "run", data={"classes": ["subject"]})


def test_cross_entropy_equals_pytorch_s() -> None:
    random = torch.Generator().manual_seed(0)
    logits, ids = torch.randn(2, 3, 5, 6, generator=random), torch.randint(0, 3, (2, 5, 6), generator=random)
    shares = F.one_hot(ids, 3).permute(0, 3, 1, 2).float()
    assert bce(logits, shares).item() == pytest.approx(F.cross_entropy(logits, ids).item())
    weights = torch.tensor([1.0, 1.5, 3.0])
    assert bce(logits, shares, weights.tolist()).item() == pytest.approx(F.cross_entropy(logits, ids, weights).item())
    assert dice(shares * 80 - 40, shares).item() == pytest.approx(0, abs=1e-6)


def test_figures_by_hand() -> None:
    truth, found = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, 1]])
    measured = figures([confusion(found, truth, 3)], CLASSES)
    assert measured["accuracy"] == 0.75
    assert (measured["iou_ground"], measured["iou_disc"]) == (0.5, pytest.approx(2 / 3))
    assert np.isnan(measured["iou_box"]), "a class that is nowhere has no figure"
    assert measured["mean_iou"] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_shares_are_picked_and_colours_apart() -> None:
    shares = as_shares(np.array([[0, 2], [1, 1]], np.uint8), 3, 4)
    assert shares[2].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    colours = coloured(torch.eye(7)[None, :, None])[0, :, 0].T
    assert torch.equal(colours[0], torch.zeros(3))
    assert torch.cdist(colours, colours).fill_diagonal_(9).min() > 0.3 or len(colours.unique(dim=0)) == 7


def test_new_heads_on_known_weights() -> None:
    one, three = build_network(NetworkSettings(start="u2netp")), build_network(NetworkSettings(start="u2netp"), 3)
    assert torch.equal(one.get_parameter("stage1.rebnconvin.conv_s1.weight"), three.get_parameter("stage1.rebnconvin.conv_s1.weight"))
    assert three.get_parameter("outconv.weight").shape[0] == 3


def test_a_known_turn_is_found() -> None:
    angle, scale, shift = 0.3, 1.7, np.array([40.0, -12.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = similarity(TARGETS, TARGETS @ turn.T + shift)
    np.testing.assert_allclose(matrix, np.hstack([turn, shift[:, None]]), atol=1e-9)


def test_noisy_landmarks_turn_like_opencv_s_fit() -> None:
    import cv2

    points = TARGETS / 2 + np.random.default_rng(0).normal(0, 1, (5, 2)) + 30
    ours = similarity(points, TARGETS)
    theirs, _ = cv2.estimateAffinePartial2D(points, TARGETS, ransacReprojThreshold=1e3, refineIters=100)
    moved = points @ ours[:, :2].T + ours[:, 2]
    other = points @ theirs[:, :2].T + theirs[:, 2]
    assert ((moved - TARGETS) ** 2).sum() <= ((other - TARGETS) ** 2).sum() + 1e-6


def test_aligned_faces_lie_at_the_targets_on_white() -> None:
    face = np.full((200, 160, 3), 90, np.uint8)
    points = TARGETS * 0.4 - (20, 30)
    for x, y in points:
        face[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 0
    moved = aligned(face, points)
    assert moved.shape == (512, 512, 3)
    assert all(moved[round(y), round(x)].max() < 30 for x, y in TARGETS)
    assert (moved[0, 0] == 255).all()


def test_faces_in_training(tmp_path: Path) -> None:
    folder = tmp_path / "drawings"
    folder.mkdir()
    for index in range(3):
        Image.new("RGB", (400, 200), "gray").save(folder / f"{index}.png")
        (folder / f"{index}.txt").write_text("\n".join(f"{x * 0.35:.0f} {y * 0.35:.0f}" for x, y in TARGETS))
    settings = {"data": {"train": str(folder), "size": 32, "crop": 32, "align_faces": True, "invert": True}}
    task = MattingTask(read_settings(MattingSettings, settings))
    task.prepare(tmp_path / "run", silent)
    assert task.training.sample(0, np.random.default_rng(0))["image"].shape == (3, 32, 32)
    (folder / "1.txt").write_text("1 2 3")
    (folder / "2.txt").unlink()
    with pytest.raises(BadInput, match="2 training pictures") as caught:
        task.prepare(tmp_path / "run", silent)
    assert "1.txt holds 3 numbers" in str(caught.value)
    with pytest.raises(BadInput, match=r"2\.txt"):
        read_landmarks(folder / "2.txt")
