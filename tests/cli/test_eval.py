"""`u2studio eval matting` as its users call it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folders(place: Path) -> None:
    """truths/, right/ (the same), half/ (everything one half), each of two pictures; right/ in the alpha of colours."""
    for name, box in (("one", (4, 4, 20, 20)), ("two", (10, 2, 30, 14))):
        truth = np.zeros((24, 40), np.uint8)
        truth[box[1] : box[3], box[0] : box[2]] = 255
        for folder in ("truths", "right", "half"):
            Path(folder).mkdir(exist_ok=True)
        Image.fromarray(truth).save(f"truths/{name}.png")
        Image.fromarray(np.dstack((np.full((24, 40, 3), 90, np.uint8), truth))).save(f"right/{name}.png")
        Image.fromarray(np.full((24, 40), 128, np.uint8)).save(f"half/{name}.png")


def test_folders_side_by_side(u2studio: Callable, folders: None) -> None:
    asked = ("--pred", "right", "--pred", "half", "--gt", "truths", "--no-stretch")
    ending = u2studio("eval", "matting", *asked, "--json", "deep/r.json", "--csv", "r.csv", "--plot", "pr.png", "--worst", "worst.jpg")
    assert (ending.status, ending.err) == (0, "")
    table = ending.out.decode().splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == ["right", "half"]
    right, half = json.loads(Path("deep/r.json").read_text())["reports"]
    assert right["summary"]["mae"] == 0
    assert right["summary"]["max_f"] == pytest.approx(1)
    assert half["summary"]["mae"] == pytest.approx(0.5, abs=0.01)
    assert {"name", "mae", "max_f", "weighted_f", "s_measure", "max_e", "relaxed_boundary_f"} <= set(right["pictures"][0])
    with Path("r_half.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["one", "two", "(all)"]
    assert Image.open("pr.png").width > 600
    assert Image.open("worst_half.jpg").size == Image.open("worst_right.jpg").size
    assert not list(Path().rglob(".*partial*"))


def test_one_folder_is_the_report_itself_and_may_be_a_choice_of_names(u2studio: Callable, folders: None) -> None:
    Path("names.txt").write_text("two.jpg\n\n")
    assert u2studio("eval", "matting", "--pred", "right", "--gt", "truths", "--names", "names.txt", "--json", "r.json").status == 0
    report = json.loads(Path("r.json").read_text())
    assert [one["name"] for one in report["pictures"]] == ["two"]
    assert report["summary"]["pictures"] == 1


def test_every_bad_pair_is_named_at_once(u2studio: Callable, folders: None) -> None:
    Image.new("L", (3, 3)).save("right/one.png")
    Path("right/two.png").unlink()
    ending = u2studio("eval", "matting", "--pred", "right", "--gt", "truths", "--json", "r.json")
    assert ending.status == 1
    assert "right/two" in ending.err
    assert "one (3×3, 40×24)" in ending.err
    assert not Path("r.json").exists()


def test_a_model_on_photos_with_masks(u2studio: Callable, place: Path, small: Image.Image) -> None:
    for folder in ("data/images", "data/masks"):
        Path(folder).mkdir(parents=True)
    small.save("data/images/cup.jpg", quality=95)
    small.save("data/images/without mask.jpg")
    assert u2studio("matte", "data/images/cup.jpg", "-o", "data/masks/cup.png", "--output", "alpha", "--precision", "fp32").status == 0
    asked = ("--model", "u2netp", "--data", "data", "--precision", "fp32", "--keep", "kept", "--json", "r.json")
    assert u2studio("eval", "matting", *asked).status == 0
    summary = json.loads(Path("r.json").read_text())["summary"]
    assert summary["pictures"] == 1
    assert summary["mse"] < 1e-5  # its own mask, but for the 8 bits that was kept in
    assert [one.name for one in Path("kept/u2netp").iterdir()] == ["cup.png"]


@pytest.mark.parametrize("words", [(), ("--pred", "a"), ("--model", "u2netp"), ("--pred", "a", "--gt", "b", "--model", "u2netp", "--data", "c")])
def test_half_a_question_is_refused(words: tuple[str, ...], u2studio: Callable, place: Path) -> None:
    ending = u2studio("eval", "matting", *words)
    assert ending.status == 2
    assert "--pred with --gt" in ending.err
