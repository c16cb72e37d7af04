"""Measures the embedded drawing model and draws the pictures of docs/portrait-model.md, `docs/pictures/portrait-model/*.jpg`.

    U2STUDIO_DATA=… python benchmarks/portrait_model.py [--model CARD] [PICTURE …]

Printed: the figures of the four validation pairs, as Markdown. Photos and the authors' drawings: `portrait_pairs`; strangers: `faces`.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from u2studio.shared_core import run
from u2studio.shared_core.evaluation.line_drawings import compare_drawings, frame_ink
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.models.cache import ModelCache

TARGET = Path(__file__).resolve().parents[1] / "docs/pictures/portrait-model"
DATA = Path(os.environ.get("U2STUDIO_DATA", ""))
PAIRS = {
    "train": ("img_1588", "img_1695", "kid3_crop", "smile_crop", "man5_crop"),
    "validation": ("kid1_crop", "kid1_full", "man4_crop", "man4_full"),
}
STRANGERS = {
    "strangers": ("congress_W000794", "congress_K000379", "congress_B000013", "congress_L000553", "apd_brazil-1368806_1920", "apd_girl-2143709_1920"),
    "failures": ("apd_girl-2720476_1920", "apd_model-2134460_1920", "apd_girl-2099357_1920", "congress_P000602"),
}
SIDE, GAP = 250, 6
MODELS = ModelCache("cpu", "fp32", "torch")
Picture = NDArray[np.uint8]
Column = tuple[str, list[Picture]]


def main() -> None:
    """Measure, then draw all sheets or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", choices=[[], *PAIRS, *STRANGERS], help="which; default: all")
    parser.add_argument("--model", default="u2netp_portrait", help="a card's id, or a card that training wrote")
    chosen = parser.parse_args()
    measure(chosen.model)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in chosen.pictures or (*PAIRS, *STRANGERS):
        columns = [pair(one, chosen.model) for one in PAIRS[name]] if name in PAIRS else [stranger(one, chosen.model) for one in STRANGERS[name]]
        in_columns(columns).save(TARGET / f"{name}.jpg", quality=72, optimize=True)


def measure(model: str) -> None:
    """Print the figures of each validation pair and their means."""
    rows = {}
    for name in PAIRS["validation"]:
        photo, truth = read_pair(name)
        ink = 1 - drawn(photo, engine="network", model=model)[:, :, 0] / 255
        rows[name] = {**asdict(compare_drawings(ink, 1 - truth / 255)), "frame": frame_ink(ink, within(photo))}
    names = list(next(iter(rows.values())))
    rows["mean"] = {name: float(np.mean([row[name] for row in rows.values()])) for name in names}
    print("| | " + " | ".join(names) + " |\n" + "| --- " * (len(names) + 1) + "|")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{row[one]:.4f}" for one in names) + " |")


def pair(name: str, model: str) -> Column:
    """Photo, the authors' drawing, ours, the classical engine's."""
    photo, truth = read_pair(name)
    return name, [photo, np.repeat(truth[:, :, None], 3, 2), drawn(photo, engine="network", model=model), drawn(photo, engine="classical")]


def stranger(name: str, model: str) -> Column:
    """Photo, our drawing, the classical engine's; a photo that is no square gets white beside it."""
    photo = np.ascontiguousarray(read_picture(DATA / f"faces/{name}.jpg").pixels[:, :, :3], np.uint8)
    beside = (photo.shape[0] - photo.shape[1]) // 2
    photo = np.asarray(cv2.copyMakeBorder(photo, 0, 0, beside, beside, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)
    photo = np.asarray(cv2.resize(photo, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8)
    return name, [photo, drawn(photo, engine="network", model=model), drawn(photo, engine="classical")]


def read_pair(name: str) -> tuple[Picture, Picture]:
    """Photo [512, 512, 3] and drawing [512, 512]."""
    (photo,) = (DATA / "portrait_pairs").glob(f"{name}_photo.*")
    drawing = np.asarray(Image.open(DATA / f"portrait_pairs/{name}_drawing.png").convert("L"))
    return np.ascontiguousarray(read_picture(photo).pixels[:, :, :3], np.uint8), drawing


def drawn(photo: Picture, **settings: object) -> Picture:
    """The drawing of a photo as it is, [H, W, 3]."""
    made = run("line_drawing", {"image": photo[None]}, settings, models=MODELS)["drawing"][0]
    return (made if made.dtype == np.uint8 else (made * 255).round().astype(np.uint8))[:, :, :3]


def within(photo: Picture) -> NDArray[np.bool_]:
    """Where a photo in a white frame is."""
    inked = photo.min(2) < 250
    rows, columns = np.flatnonzero(inked.mean(1) > 0.2), np.flatnonzero(inked.mean(0) > 0.2)
    inside = np.zeros(inked.shape, bool)
    inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return inside


def in_columns(columns: list[Column]) -> Image.Image:
    """One sheet, a column for each photo."""
    deep = max(len(pictures) for _, pictures in columns)
    sheet = Image.new("RGB", (len(columns) * (SIDE + GAP) - GAP, 16 + deep * (SIDE + GAP) - GAP), "white")
    words, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for index, (name, pictures) in enumerate(columns):
        words.text((index * (SIDE + GAP) + 2, 0), name, "black", font)
        for row, picture in enumerate(pictures):
            tile = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX if picture.shape[0] == 2 * SIDE else Image.Resampling.LANCZOS)
            sheet.paste(tile, (index * (SIDE + GAP), 16 + row * (SIDE + GAP)))
    return sheet


if __name__ == "__main__":
    main()
