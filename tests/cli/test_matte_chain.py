"""What `u2studio matte` can do after the mask: clean-up, despill, shadow, crop, backgrounds; and what it says of pictures without a subject."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXACT = ("--precision", "fp32")


def _made(name: str) -> np.ndarray:
    return np.asarray(Image.open(f"out/{name}.png")).astype(int)


def test_a_crop_holds_the_subject_and_its_shadow(u2studio: Callable, photo_file: Path) -> None:
    outputs = [word for one in ("cutout", "alpha", "sheet", "confidence") for word in ("--output", one)]
    ending = u2studio("matte", photo_file, "-o", "out", *outputs, "--crop", "--shadow-right", "4", "--shadow-softness", "0", "--report", "r.jsonl", *EXACT)
    assert (ending.status, ending.err) == (0, "")
    box = json.loads(Path("r.jsonl").read_text())["figures"]["crop"]
    cutout, alpha, sheet = _made("cup_cutout"), _made("cup_alpha"), _made("cup_sheet")
    assert cutout.shape == (box["height"], box["width"], 4)
    assert (box["width"], box["height"]) < (96, 80)
    assert alpha.shape == cutout.shape[:2] == _made("cup_confidence").shape
    assert sheet.shape[:2] == (box["height"], 3 * box["width"] + 4)
    assert (cutout[..., 3] >= alpha).all()
    shadow = (cutout[..., 3] > 100) & (alpha < 3)
    assert shadow.sum() > 20
    assert (cutout[shadow][:, :3] < 10).all()


def test_what_is_not_asked_for_is_not_done(u2studio: Callable, photo_file: Path) -> None:
    assert u2studio("matte", photo_file, "-o", "plain.png", *EXACT).status == 0
    assert u2studio("matte", photo_file, "-o", "same.png", "--clean-keep", "all", "--no-keep-transparency", *EXACT).status == 0
    assert np.array_equal(np.asarray(Image.open("plain.png")), np.asarray(Image.open("same.png")))


def test_the_photos_own_colours_are_kept_where_asked_for(u2studio: Callable, photo_file: Path) -> None:
    asked = ("--output", "cutout", "--output", "foreground", "--colours", "photo")
    assert u2studio("matte", photo_file, "-o", "out", *asked, *EXACT).status == 0
    photo, cutout = np.asarray(Image.open(photo_file)), _made("cup_cutout")
    visible = cutout[..., 3] > 0
    assert visible.any()
    assert np.array_equal(cutout[visible][:, :3], photo[visible])
    assert np.array_equal(_made("cup_foreground"), photo)


def test_clean_up_and_backgrounds(u2studio: Callable, photo_file: Path) -> None:
    ask = ("--output", "alpha", "--output", "composite", "--clean-hardness", "100", "--composite-fill", "gradient", "--composite-colour", "#ff0000")
    assert u2studio("matte", photo_file, "-o", "out", *ask, *EXACT).status == 0
    assert set(np.unique(_made("cup_alpha"))) == {0, 255}
    assert _made("cup_composite")[0, 5, 0] > 250
    blur = ("--composite-fill", "blurred", "--composite-blur", "9", "--overwrite")
    assert u2studio("matte", photo_file, "-o", "out", "--output", "alpha", "--output", "composite", *blur, *EXACT).status == 0
    photo, blurred, alpha = np.asarray(Image.open(photo_file)).astype(int), _made("cup_composite"), _made("cup_alpha")
    assert abs(photo - blurred)[alpha == 255].max() <= 1
    background = alpha == 0
    assert np.abs(np.diff(blurred, axis=0))[background[1:]].mean() < 0.6 * np.abs(np.diff(photo, axis=0))[background[1:]].mean()


def test_the_shadow_does_not_darken_a_blurred_background(u2studio: Callable, photo_file: Path) -> None:
    ask = ("--output", "composite", "--composite-fill", "blurred", *EXACT)
    assert u2studio("matte", photo_file, "-o", "without.png", *ask).status == 0
    assert u2studio("matte", photo_file, "-o", "with.png", *ask, "--shadow-opacity", "1", "--shadow-softness", "0").status == 0
    without, shadowed = (np.asarray(Image.open(f"{name}.png")).astype(int) for name in ("without", "with"))
    assert abs(without - shadowed).max() < 12


def test_a_green_cast_is_taken_off(u2studio: Callable, photo_file: Path) -> None:
    with Image.open(photo_file) as photo:
        red, green, blue = photo.convert("RGB").split()
        Image.merge("RGB", (red, green.point(lambda value: min(255, value + 60)), blue)).save("cast.png")
    assert u2studio("matte", "cast.png", "-o", "out", "--output", "foreground", "--output", "alpha", "--despill", *EXACT).status == 0
    made, alpha = _made("cast_foreground"), _made("cast_alpha")
    beyond = made[..., 1] - made[..., [0, 2]].max(-1)
    assert beyond[(alpha == 0) | (alpha == 255)].max() <= 1
    assert beyond.max() < 10  # where colours of an edge are estimated


@pytest.mark.parametrize(("language", "words"), [("C.UTF-8", "No subject was found"), ("zh_CN.UTF-8", "没有找到主体")])
def test_a_picture_without_a_subject_is_named(process: Callable, place: Path, language: str, words: str) -> None:
    Image.new("RGB", (60, 40), (128, 128, 128)).save("gray.png")
    ending = process("matte", "gray.png", "-o", "out", "--output", "alpha", "--report", "r.jsonl", *EXACT, LC_ALL=language)
    assert ending.status == 0
    assert "gray.png" in ending.err
    assert words in ending.err
    assert _made("gray").max() == 0
    figures = json.loads(Path("r.jsonl").read_text())["figures"]
    assert figures == {"confidence": [0.0], "nothing_found": [True]}
