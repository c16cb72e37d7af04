"""What the closer look (`pipelines/detail.py`) gains over the edge refinement alone on scenes of 24 megapixels; writes its table in docs/matting.md.

    U2STUDIO_DATA=… python benchmarks/detail.py [--scales 2 7.8] [--crops FOLDER] [--write]

The subjects of `matting` are at most 512 pixels large. Each is pasted into a scene of 6000×4000 pixels, enlarged 2 to 7.8 times (then it fills the
frame's height), on its own background filled in behind it, enlarged to the frame and out of focus as behind a portrait, with sensor noise over all.
What was enlarged n times has edges n pixels soft, so the largest subjects show how well the outline is found, and none shows strands a pixel thin.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from matting_quality import PAGE, matting_pictures, put
from numpy.typing import NDArray

from u2studio.shared_core.arrays import as_array, as_tensor
from u2studio.shared_core.evaluation.folders import read_plane
from u2studio.shared_core.evaluation.mattes import gradient_error
from u2studio.shared_core.evaluation.pair import as_alpha
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.imaging.foreground import estimate_foreground
from u2studio.shared_core.imaging.refine import refine_alpha
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.pipelines.detail import detail_alpha
from u2studio.shared_core.pipelines.matting import EDGE_PER_ENLARGEMENT
from u2studio.shared_core.pipelines.network_alpha import estimate_alpha
from u2studio.shared_core.processors import processors

WIDTH, HEIGHT = 6000, 4000
BLUR, NOISE = 6.0, 2.0
"""of the background, in pixels of the small picture; of the sensor, in levels of 255"""
MARKS = "<!-- table by benchmarks/detail.py: begin -->", "<!-- table by benchmarks/detail.py: end -->"
GUIDED, DETAILED = "guided", "detail, guided"

Plane = NDArray[np.float32]
Errors = dict[str, tuple[float, float]]


def scene(photo: Path, alpha: Path, scale: float) -> tuple[NDArray[np.uint8], Plane]:
    """A picture, uint8 [1, H, W, 3], and its true alpha, [1, H, W]."""
    image, truth = read_picture(photo).pixels[..., :3], as_alpha(read_plane(alpha)).astype(np.float32)
    cutout = photo.with_name(photo.name.replace("_image.jpg", "_cutout.png"))
    subject = read_picture(cutout).pixels[..., :3] if cutout.exists() else estimate_foreground(image[None], truth[None])[0]
    background = (cv2.dilate(truth, np.ones((7, 7))) < 0.01).astype(np.float32)
    behind = cv2.GaussianBlur(filled(image.astype(np.float32), background), (0, 0), BLUR, borderType=cv2.BORDER_REFLECT)
    times = max(WIDTH / behind.shape[1], HEIGHT / behind.shape[0])
    behind = cv2.resize(behind, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    top, left = (behind.shape[0] - HEIGHT) // 2, (behind.shape[1] - WIDTH) // 2
    frame = np.ascontiguousarray(behind[top : top + HEIGHT, left : left + WIDTH])

    size = round(truth.shape[1] * scale), round(truth.shape[0] * scale)
    weighted = cv2.resize(np.asarray(subject, np.float32) * truth[..., None], size, interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(truth, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    whole, left = np.zeros((HEIGHT, WIDTH), np.float32), (WIDTH - size[0]) // 2
    place = slice(HEIGHT - size[1], HEIGHT), slice(left, left + size[0])  # on the lower border, which cuts off most of them already
    whole[place] = large
    frame[place] = weighted + frame[place] * (1 - large[..., None])
    frame += NOISE * np.random.default_rng(0).standard_normal(frame.shape, np.float32)
    return frame.round().clip(0, 255).astype(np.uint8)[None], whole[None]


def filled(colour: Plane, known: Plane) -> Plane:
    """Colours carried smoothly into what is not known, by a pyramid of weighted means."""
    if min(known.shape) < 2 or known.min() > 0:
        return colour
    height, width = known.shape
    half = (width + 1) // 2, (height + 1) // 2
    weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    small = (cv2.resize(colour * known[..., None], half, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-6)[..., None]).astype(np.float32)
    smooth = cv2.GaussianBlur(cv2.resize(filled(small, (weight > 0).astype(np.float32)), (width, height), interpolation=cv2.INTER_LINEAR), (0, 0), 1)
    return colour * known[..., None] + smooth * (1 - known[..., None])


def alphas(models: ModelCache, image: NDArray[np.uint8], seconds: list[float]) -> Iterator[tuple[str, Plane]]:
    """Every variant's alpha, by name; `seconds` gets what the closer look took."""
    network = models.get("u2netp")
    first = estimate_alpha(network, image, "default").alpha
    width = EDGE_PER_ENLARGEMENT * max(image.shape[1:3]) / network.card.profile("default").preprocess.size
    yield "none", first
    yield GUIDED, refine_alpha(image, first, width)
    began = time.perf_counter()
    closer = as_array(detail_alpha(network, as_tensor(image), as_tensor(first), "default"))
    seconds.append(time.perf_counter() - began)
    yield "detail", closer
    yield DETAILED, refine_alpha(image, closer, width)


def errors(alpha: Plane, truth: Plane) -> tuple[float, float]:
    """SAD and gradient error, in thousands. Where both are equal and flat there is none to count, so only the surroundings of the rest are worked."""
    off = (alpha != truth)[0]
    rows, columns = (slice(max(0, int(found[0]) - 8), int(found[-1]) + 9) for found in (np.flatnonzero(off.any(axis)) for axis in (1, 0)))
    given, true = (one[0, rows, columns].astype(np.float64) for one in (alpha, truth))
    return float(np.abs(given - true).sum() / 1000), gradient_error(given, true, np.ones(true.shape, np.bool_))


def crop_of_edge(pictures: list[np.ndarray], side: int = 400) -> NDArray[np.uint8]:
    """A square at full size where the true alpha is softest, side by side: photo, truth, then the variants."""
    soft = cv2.blur(((pictures[1][0] > 0.05) & (pictures[1][0] < 0.95)).astype(np.float32), (side, side))
    soft = soft[side // 2 : soft.shape[0] - side // 2 + 1 : side // 4, side // 2 : soft.shape[1] - side // 2 + 1 : side // 4]
    y, x = divmod(int(soft.argmax()), soft.shape[1])
    place = slice(y * side // 4, y * side // 4 + side), slice(x * side // 4, x * side // 4 + side)
    planes = [cv2.cvtColor((one[0][place] * 255).round().astype(np.uint8), cv2.COLOR_GRAY2BGR) for one in pictures[1:]]
    return np.concatenate([pictures[0][0][place][..., ::-1], *planes], 1)


def table(scale: float, found: dict[str, Errors], seconds: list[float]) -> str:
    """Every scene of one scale, and the sum, against the guided filter alone."""
    names = list(next(iter(found.values())))
    lines = [f"Subjects enlarged {scale:g} times; the closer look took {np.mean(seconds):.1f} s a scene.", ""]
    lines += ["| SAD / Grad | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [f"| {picture} | " + " | ".join(f"{one[0]:.1f} / {one[1]:.1f}" for one in by.values()) + " |" for picture, by in found.items()]
    total = {name: tuple(sum(by[name][measure] for by in found.values()) for measure in (0, 1)) for name in names}
    change = (" / ".join(f"{100 * (total[name][n] / total[GUIDED][n] - 1):+.0f} %" for n in (0, 1)) for name in names)
    lines.append("| **all, against guided** | " + " | ".join(one.replace("-", "−") for one in change) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure; print, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scales", type=float, nargs="+", default=[2.0, 7.8], help="how many times the subjects are enlarged")
    parser.add_argument("--crops", type=Path, help="folder for crops at full size, side by side")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args()
    if not (folder := os.environ.get("U2STUDIO_DATA")):
        raise SystemExit("Set U2STUDIO_DATA to the folder that holds matting/.")
    models, tables = ModelCache(precision="fp32", engine="torch"), list[str]()
    for scale in arguments.scales:
        found, seconds = dict[str, Errors](), list[float]()
        for picture, (photo, alpha) in matting_pictures(Path(folder)).items():
            image, truth = scene(photo, alpha, scale)
            made = dict(alphas(models, image, seconds))
            found[picture] = {name: errors(one, truth) for name, one in made.items()}
            print(f"{scale:g}", picture, {name: tuple(round(value, 1) for value in one) for name, one in found[picture].items()}, flush=True)
            if arguments.crops:
                arguments.crops.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(arguments.crops / f"{picture}_{scale:g}.png"), crop_of_edge([image, truth, made["none"], made[GUIDED], made[DETAILED]]))
        tables.append(table(scale, found, seconds))
    made_with = f"torch {version('torch')}, {processors()} threads"
    text = "\n\n".join([f"{date.today().isoformat()}, {made_with}, {platform.machine()}, fp32.", *tables])
    if arguments.write:
        put(text, MARKS)
    else:
        print(text)


if __name__ == "__main__":
    main()
