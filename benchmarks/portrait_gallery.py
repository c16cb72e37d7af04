"""Draws the pictures of docs/portrait.md, `docs/pictures/portrait/*.jpg`.

    U2STUDIO_DATA=… python benchmarks/portrait_gallery.py [PICTURE …]

Photos: NASA's astronaut of workflows/inputs, and official portraits of members of Congress of `faces`, of its part no training sees, enlarged twice; all in the
public domain.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from u2studio.shared_core import run
from u2studio.shared_core.models.cache import ModelCache

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/pictures/portrait"
FACES = Path(os.environ.get("U2STUDIO_DATA", "")) / "faces"
HEAD = ROOT / "workflows/inputs/u2studio_head.jpg"
STRANGERS = ("C001035", "W000794", "L000553", "K000379", "W000738", "B001251", "B000013", "P000602")
"""black hair; dark skin; beard; red hair; fair hair and glasses; moustache; old; lit from one side"""
BY_HAND: dict[str, dict[str, object]] = {"P000602": {"face": "box", "x": 33.0, "y": 84.0, "width": 351.0}}
"""a face the cascade does not find; pixels of the enlarged photo"""
GROUP = (("W000794", 14), ("L000553", -8), ("C001035", 0), ("K000379", -20))
"""who stands side by side, and how far each head is turned anticlockwise, degrees"""
TILTED = 30
GAP = 8

MODELS = ModelCache("cpu", "fp32", "torch")
Sheet = Callable[[], Image.Image]


def main() -> None:
    """Draw all of them, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", choices=[[], *SHEETS], help="which; default: all")
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in parser.parse_args().pictures or SHEETS:
        SHEETS[name]().save(TARGET / f"{name}.jpg", quality=80, optimize=True)


def outputs() -> Image.Image:
    """One photo and what can be made of it."""
    photo = read(HEAD)
    made = portrait(photo)
    return in_rows([[shown(photo), *(shown(made[name]) for name in ("drawing", "ink", "composite"))]], 300)


def strangers() -> Image.Image:
    """Photo, network, classical engine, one below the other."""
    photos = {one: read(FACES / f"congress_{one}.jpg") for one in STRANGERS}
    drawn = [[shown(portrait(photo, engine=engine, **BY_HAND.get(one, {}))["drawing"]) for one, photo in photos.items()] for engine in ("network", "classical")]
    return in_rows([list(map(shown, photos.values())), *drawn], 190)


def group() -> Image.Image:
    """Several heads, each turned its own way, drawn in one go."""
    parts = [read(FACES / f"congress_{one}.jpg", angle) for one, angle in GROUP]
    photo = np.concatenate([one[:, :540] for one in parts], 2)
    return in_rows([[shown(photo)], [shown(portrait(photo, face="all")["drawing"])]], 260)


def tilted() -> Image.Image:
    """A head that is turned far: drawn upright, turned back."""
    photo = read(HEAD, TILTED)
    made = portrait(photo)
    return in_rows([[shown(photo), shown(made["drawing"])]], 300)


def styles() -> Image.Image:
    """The same ink: as it is, hatched in both ways, and in colour on paper."""
    photo = read(HEAD)
    ways: tuple[dict[str, object], ...] = (
        {},
        {"hatching": 100.0},
        {"hatching": 100.0, "hatching_style": "crossed"},
        {"line_weight": 1.0, "black_point": 30.0, "ink_colour": "#5b2a12", "paper_colour": "#f1e4c8", "paper_texture": "laid"},
    )
    return in_rows([[shown(portrait(photo, **way)["drawing"]) for way in ways]], 300)


SHEETS: dict[str, Sheet] = {one.__name__: one for one in (outputs, strangers, group, tilted, styles)}


def portrait(photo: np.ndarray, **settings: object) -> dict[str, np.ndarray]:
    """All that `portrait` makes of one photo."""
    return dict(run("portrait", {"image": photo}, settings, models=MODELS))


def read(path: Path, angle: float = 0.0) -> np.ndarray:
    """A photo, uint8 [1, H, W, 3], turned anticlockwise about its middle by degrees; what comes in at the corners is the colour of its upper left one."""
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    if path.parent == FACES:
        whole = whole.resize((2 * whole.width, 2 * whole.height), Image.Resampling.LANCZOS)
    red, green, blue = np.asarray(whole)[:8, :8].reshape(-1, 3).mean(0).astype(int).tolist()
    return np.array(whole.rotate(angle, Image.Resampling.BICUBIC, fillcolor=(red, green, blue)))[None]


def shown(picture: np.ndarray) -> Image.Image:
    """RGB; transparency over pale blue, which is neither ink nor paper."""
    pixels = picture[0] / np.float32(255) if picture.dtype == np.uint8 else picture[0]
    if pixels.shape[-1] == 4:
        pixels = pixels[..., 3:] * pixels[..., :3] + (1 - pixels[..., 3:]) * np.array((0.78, 0.87, 0.95), np.float32)
    return Image.fromarray((pixels * 255).round().astype(np.uint8))


def in_rows(rows: list[list[Image.Image]], height: int) -> Image.Image:
    """One sheet of rows of pictures of equal height."""
    fitted = [[one.resize((round(one.width * height / one.height), height), Image.Resampling.LANCZOS) for one in row] for row in rows]
    width = max(sum(one.width + GAP for one in row) - GAP for row in fitted)
    sheet = Image.new("RGB", (width, len(rows) * (height + GAP) - GAP), "white")
    for number, row in enumerate(fitted):
        left = 0
        for one in row:
            sheet.paste(one, (left, number * (height + GAP)))
            left += one.width + GAP
    return sheet


if __name__ == "__main__":
    main()
