"""How well the matting pipeline cuts out, by variant, on pictures it was not trained on; writes the tables of docs/matting.md.

    U2STUDIO_DATA=… python benchmarks/matting_quality.py [--model u2netp] [--part finding refining] [--write]

Pictures: the validation split of `sod` (photo and hand-made mask) for finding the subject, the four of `matting` (photo and soft alpha) for its edge.
Everything goes through the door, in fp32. Variants are compared picture by picture with the authors' pipeline, and refinements with none, so that
a difference can be told from chance: a mean change above two standard errors counts as better or worse.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from u2studio.shared_core import run
from u2studio.shared_core.arrays import Array, alike, as_array, as_tensor
from u2studio.shared_core.evaluation.comparison import paired_table, summary_table
from u2studio.shared_core.evaluation.folders import read_plane
from u2studio.shared_core.evaluation.report import Report, Scores, scores
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.models.source import PublishedFile
from u2studio.shared_core.pipelines.detail import detail_alpha
from u2studio.shared_core.pipelines.edges import fit_to_edges
from u2studio.shared_core.pipelines.matting import EDGE_PER_ENLARGEMENT
from u2studio.shared_core.pipelines.network_alpha import estimate_alpha
from u2studio.shared_core.progress import silent

if TYPE_CHECKING:
    import numpy as np

    from u2studio.shared_core.models.source import Model

OFFICIAL, UNREFINED, DEFAULT = "official", "default, unrefined", "default"
VARIANTS: Mapping[str, Mapping[str, object]] = {
    OFFICIAL: {"preprocess": "official", "refine": "none"},
    UNREFINED: {"preprocess": "default", "refine": "none"},
    DEFAULT: {},
    **{f"guided, edge {width}": {"refine": "guided", "edge_width": float(width)} for width in (6, 9, 12, 18)},
    "official, guided": {"preprocess": "official", "refine": "guided"},
}
FINDING = ("mae", "max_f", "weighted_f", "s_measure", "max_e", "relaxed_boundary_f", "mean_iou")
EDGE = ("sad", "mse", "grad", "conn")
LEGEND = "Mean change ± one standard error, and the share of pictures better; **bold** is better and *italic* worse by more than two standard errors."
PAGE = Path(__file__).resolve().parents[1] / "docs" / "matting.md"
MARKS = "<!-- tables by benchmarks/matting_quality.py: begin -->", "<!-- tables by benchmarks/matting_quality.py: end -->"
REFINING_MARKS = "<!-- refinements by benchmarks/matting_quality.py: begin -->", "<!-- refinements by benchmarks/matting_quality.py: end -->"
REFINING = ("none", "guided", "closed_form", "crf")
PACKAGES = {"closed_form": "pymatting", "crf": "pydensecrf"}
"""what a way of refining needs; without it, it is left out"""


class RememberedModel:
    """A model that answers what it was asked before from memory: variants that differ after the network share its passes."""

    def __init__(self, model: Model) -> None:
        self.model, self.card, self.sha256 = model, model.card, model.sha256
        self.answers: dict[str, list[np.ndarray]] = {}

    def __call__(self, batch: Array, *, side_outputs: bool = False) -> list[Array]:
        key = f"{hashlib.sha1(as_array(batch).tobytes()).hexdigest()} {side_outputs}"
        if key not in self.answers:
            self.answers[key] = [as_array(one) for one in self.model(batch, side_outputs=side_outputs)]
        return [alike(answer.copy(), batch) for answer in self.answers[key]]


class RememberedModels:
    """A `ModelSource` of one `RememberedModel` for each card."""

    def __init__(self) -> None:
        self.cache, self.models = ModelCache(precision="fp32", engine="torch"), dict[str, RememberedModel]()

    def get(self, card_id: str) -> RememberedModel:
        if card_id not in self.models:
            self.models[card_id] = RememberedModel(self.cache.get(card_id))
        return self.models[card_id]

    def file(self, card_id: str) -> PublishedFile:
        return self.cache.file(card_id)


def sod_pictures(data: Path) -> dict[str, tuple[Path, Path]]:
    """(photo, mask) of the validation split, by name."""
    with (data / "sod" / "MANIFEST.tsv").open(encoding="utf-8") as file:
        photos = [row["file"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == "val" and row["file"].startswith("images/")]
    return {Path(photo).stem: (data / "sod" / photo, data / "sod" / "masks" / f"{Path(photo).stem}.png") for photo in photos}


def matting_pictures(data: Path) -> dict[str, tuple[Path, Path]]:
    """(photo, alpha), by name."""
    photos = sorted((data / "matting").glob("*_image.jpg"))
    return {path.stem.removesuffix("_image"): (path, path.with_name(path.name.replace("_image.jpg", "_alpha.png"))) for path in photos}


def evaluate(pictures: Mapping[str, tuple[Path, Path]], model: str, models: RememberedModels) -> tuple[list[Report], list[Report]]:
    """A report for each variant, first with predictions stretched, then as they are."""
    stretched: dict[str, dict[str, Scores]] = {name: {} for name in VARIANTS}
    plain: dict[str, dict[str, Scores]] = {name: {} for name in VARIANTS}
    for picture, (photo, truth) in pictures.items():
        image, expected = read_picture(photo).pixels[None, :, :, :3], read_plane(truth)
        for name, params in VARIANTS.items():
            alpha = run("matte", {"image": image}, {"model": model, **params}, models=models, wanted={"alpha"})["alpha"][0]
            stretched[name][picture] = scores(alpha, expected)
            plain[name][picture] = scores(alpha, expected, stretch=False)
        print(".", end="", flush=True)
    print()
    return [Report.of(*one) for one in stretched.items()], [Report.of(*one, stretched=False) for one in plain.items()]


def tables(stretched: list[Report], plain: list[Report], edge: list[Report], model: Model) -> str:
    """The page's generated part."""
    unrefined = next(report for report in plain if report.name == UNREFINED)
    refined = [report for report in plain if report.name == DEFAULT or report.name.startswith("guided")]
    pictures, edges = (len(reports[0].pictures) for reports in (plain, edge))
    parts = [
        f"{_made(model)} *official* is the authors' pipeline to the letter, *default* ours without any option.",
        f"**Finding the subject**: {pictures} validation pictures of `sod`, stretched to the full range first, as the common toolboxes do.",
        summary_table(stretched, FINDING),
        "The same, as the alphas come out (nothing stretched):",
        summary_table(plain, FINDING),
        "Picture by picture against the authors' pipeline, nothing stretched. " + LEGEND,
        paired_table(plain[0], plain[1:], FINDING),
        "What the edge refinement adds:",
        paired_table(unrefined, refined, FINDING),
        f"**The edge**: {edges} pictures with a soft alpha, whole picture; SAD, Grad and Conn in thousands.",
        summary_table(edge, EDGE),
        paired_table(edge[0], edge[1:], EDGE),
    ]
    return "\n\n".join(parts)


def refining(pictures: Mapping[str, tuple[Path, Path]], network: Model) -> list[Report]:
    """A report for each way of refining that can run here, with and without the closer look before it."""
    ways = [way for way in REFINING if way not in PACKAGES or find_spec(PACKAGES[way])]
    found: dict[str, dict[str, Scores]] = {}
    for picture, (photo, truth) in pictures.items():
        image, expected = read_picture(photo).pixels[None, :, :, :3], read_plane(truth)
        first = estimate_alpha(network, image, "default").alpha
        width = EDGE_PER_ENLARGEMENT * max(image.shape[1:3]) / network.card.profile("default").preprocess.size
        closer = as_array(detail_alpha(network, as_tensor(image), as_tensor(first), "default"))
        for before, alpha in (("", first), ("detail, ", closer)):
            for way in ways:
                fitted = fit_to_edges(image, alpha, way, width, silent)[0]
                found.setdefault(before + way.replace("_", " "), {})[picture] = scores(fitted, expected, stretch=False)
        print(".", end="", flush=True)
    print()
    return [Report.of(*one, stretched=False) for one in found.items()]


def refining_tables(edge: list[Report], model: Model) -> str:
    """The page's generated part on refinements."""
    parts = [
        f"{_made(model)} Default edge width; whole picture; SAD, Grad and Conn in thousands; *none* is the network's own alpha, enlarged.",
        summary_table(edge, EDGE),
        paired_table(edge[0], edge[1:], EDGE),
    ]
    return "\n\n".join(parts)


def put(text: str, marks: tuple[str, str]) -> None:
    """Put `text` between two marks of the page."""
    page, (begin, end) = PAGE.read_text(encoding="utf-8"), marks
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if end not in rest:
        raise SystemExit(f"{PAGE} has no marks {begin} … {end}")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _made(model: Model) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=PAGE.parent, capture_output=True, text=True, check=False).stdout.strip()
    made = f"{date.today().isoformat()}, commit {commit}, torch {version('torch')}, {platform.machine()}"
    return f"{model.card.title} ({model.sha256[:12]}…) in fp32; {made}."


def main() -> None:
    """Measure; print, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="u2netp", help="card id")
    parser.add_argument("--part", nargs="+", choices=("finding", "refining"), default=["finding", "refining"], help="which tables to make")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args()
    if not (folder := os.environ.get("U2STUDIO_DATA")):
        raise SystemExit("Set U2STUDIO_DATA to the folder that holds sod/ and matting/.")
    sod, matting = sod_pictures(Path(folder)), matting_pictures(Path(folder))
    models = RememberedModels()
    made: list[tuple[str, tuple[str, str]]] = []
    if "finding" in arguments.part:
        stretched, plain = evaluate(sod, arguments.model, models)
        _, edge = evaluate(matting, arguments.model, models)
        made.append((tables(stretched, plain, edge, models.get(arguments.model)), MARKS))
    if "refining" in arguments.part:
        network = models.get(arguments.model)
        made.append((refining_tables(refining(matting, network), network), REFINING_MARKS))
    for text, marks in made:
        if arguments.write:
            put(text, marks)
        else:
            print(text)


if __name__ == "__main__":
    main()
