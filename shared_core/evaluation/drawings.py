"""Reports as pictures: the precision–recall plot, and a sheet of what went worst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..errors import BadInput
from .folders import PictureFiles, read_plane
from .pair import as_levels
from .report import Report

__all__ = ["plot_curves", "worst_sheet"]

TILE = 200
GAP = 8
CAPTION = 22
WRONG, MISSED = np.array([[230, 60, 40], [40, 110, 230]], np.float32)


def plot_curves(reports: Sequence[Report], path: Path) -> None:
    """Draw precision over recall, and F over the threshold, of one or more reports; the suffix says which format.

    Raises: BadInput, when matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise BadInput("Plots need matplotlib. Get it with: pip install 'u2studio[eval]'") from None
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for report in reports:
        precision, recall, f, _ = report.curves
        left.plot(recall[1:], precision[1:], label=report.name)  # threshold 0 calls everything subject
        right.plot(np.arange(256), f, label=report.name)
    left.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
    right.set(xlabel="threshold", ylabel="F (β² = 0.3)", xlim=(0, 255), ylim=(0, 1.01))
    for axes in (left, right):
        axes.grid(alpha=0.3)
    left.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def worst_sheet(report: Report, files: Sequence[PictureFiles], path: Path, *, count: int = 20) -> None:
    """Write a picture of the pictures with the largest MAE, worst first.

    Each shows photo (where known), prediction, truth, and their difference: red is kept but should not be, blue is lost but should not be.

    Args:
        report: of these files.
        files: the scored files.
        path: the picture to write.
        count: how many pictures, at least 1.
    """
    by_name = {one.name: one for one in files}
    worst = sorted(report.pictures, key=lambda picture: -float(picture["mae"]))[:count]
    shown = [by_name[str(picture["name"])] for picture in worst]
    across = 4 if any(one.photo for one in shown) else 3
    block = (across * (TILE + GAP) + GAP, TILE + CAPTION + GAP)
    columns = 1 if len(shown) < 4 else 2
    sheet = Image.new("RGB", (columns * block[0], -(-len(shown) // columns) * block[1] + GAP), (30, 30, 32))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for index, (picture, one) in enumerate(zip(worst, shown, strict=True)):
        left, top = index % columns * block[0] + GAP, index // columns * block[1] + GAP
        draw.text((left, top + 2), f"{index + 1}  {one.name}   MAE {picture['mae']:.3f}   max F {picture['max_f']:.3f}", (225, 225, 225), font)
        for place, tile in enumerate(_tiles(one, across)):
            sheet.paste(tile, (left + place * (TILE + GAP), top + CAPTION))
    sheet.save(path)


def _tiles(one: PictureFiles, across: int) -> list[Image.Image]:
    prediction, truth = as_levels(read_plane(one.prediction)), as_levels(read_plane(one.truth))
    pictures = [Image.fromarray(prediction), Image.fromarray(truth), Image.fromarray(_difference(prediction, truth))]
    if across == 4:
        with Image.open(one.photo) if one.photo else Image.new("RGB", (1, 1)) as photo:
            pictures.insert(0, photo.convert("RGB"))
    return [_tile(picture.convert("RGB")) for picture in pictures]


def _tile(picture: Image.Image) -> Image.Image:
    picture.thumbnail((TILE, TILE), Image.Resampling.BOX)
    tile = Image.new("RGB", (TILE, TILE), (55, 55, 58))
    tile.paste(picture, ((TILE - picture.width) // 2, (TILE - picture.height) // 2))
    return tile


def _difference(prediction: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    error = (prediction.astype(np.float32) - truth)[:, :, None] / 255
    ground = np.repeat(truth[:, :, None] * 0.35 + 40, 3, axis=2)
    colour = np.where(error > 0, WRONG, MISSED)
    return (ground + (colour - ground) * np.abs(error)).astype(np.uint8)
