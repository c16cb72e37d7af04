"""Every measure of every picture, and what they come to over a data set."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from .boundary import relaxed_boundary_f, weighted_f
from .mattes import matte_errors
from .pair import Pair, Picture
from .saliency import adaptive_e, adaptive_f, e_curve, f_measure, iou, mae, mean_iou, precision_recall, s_measure

__all__ = ["MEASURES", "Measure", "Report", "Scores", "scores"]


@dataclass(frozen=True)
class Measure:
    """One figure of a picture: its key in reports, how tables call it, and which way is better."""

    id: str
    title: str
    higher_is_better: bool


MEASURES = (
    Measure("mae", "MAE", False),
    Measure("max_f", "max F", True),
    Measure("mean_f", "mean F", True),
    Measure("adaptive_f", "adaptive F", True),
    Measure("weighted_f", "weighted F", True),
    Measure("s_measure", "S", True),
    Measure("max_e", "max E", True),
    Measure("mean_e", "mean E", True),
    Measure("adaptive_e", "adaptive E", True),
    Measure("relaxed_boundary_f", "boundary F", True),
    Measure("iou", "IoU", True),
    Measure("mean_iou", "mIoU", True),
    Measure("sad", "SAD", False),
    Measure("mse", "MSE", False),
    Measure("grad", "Grad", False),
    Measure("conn", "Conn", False),
)


@dataclass(frozen=True, eq=False)
class Scores:
    """One picture's figures by measure id, and its curves over the thresholds 0..255."""

    figures: Mapping[str, float]
    curves: NDArray[np.float64]
    """[4, 256]: precision, recall, F, E"""


def scores(prediction: Picture, truth: Picture, *, trimap: Picture | None = None, stretch: bool = True) -> Scores:
    """Every measure of one picture.

    Args:
        prediction: [H, W], uint8, uint16, bool, or floating point in 0..1.
        truth: the mask or alpha it should be, [H, W], the same kinds.
        trimap: limits the four matting errors to its unknown pixels.
        stretch: spread the prediction to the full range first (not for the matting errors and never its truth).
    Raises: BadInput, when the sizes differ or a picture is not one plane of such numbers.
    """
    pair = Pair.of(prediction, truth, stretch=stretch)
    precision, recall = precision_recall(pair)
    f, e = f_measure(precision, recall), e_curve(pair)
    figures = {
        "mae": mae(pair),
        "max_f": float(f.max()),
        "mean_f": float(f.mean()),
        "adaptive_f": adaptive_f(pair),
        "weighted_f": weighted_f(pair),
        "s_measure": s_measure(pair),
        "max_e": float(e.max()),
        "mean_e": float(e.mean()),
        "adaptive_e": adaptive_e(pair),
        "relaxed_boundary_f": relaxed_boundary_f(pair),
        "iou": iou(pair),
        "mean_iou": mean_iou(pair),
        **matte_errors(prediction, truth, trimap=trimap),
    }
    return Scores(figures, np.stack([precision, recall, f, e]))


@dataclass(frozen=True, eq=False)
class Report:
    """The figures of a data set. Make one with `Report.of`; `as_dict` is its JSON shape."""

    name: str
    stretched: bool
    pictures: tuple[Mapping[str, str | float], ...]
    """by picture, in order: "name" and every measure"""
    curves: NDArray[np.float64]
    """[4, 256], means over the pictures: precision, recall, F, E"""

    @classmethod
    def of(cls, name: str, pictures: Mapping[str, Scores], *, stretched: bool = True) -> Report:
        """Sum up the scores of named pictures.

        Args:
            name: what was scored, for tables and plots.
            pictures: scores by picture name.
            stretched: whether the scores were made with `stretch`.
        Raises: BadInput, when there are none.
        """
        if not pictures:
            raise BadInput("There are no pictures to score.")
        rows = tuple({"name": picture, **one.figures} for picture, one in pictures.items())
        return cls(name, stretched, rows, np.mean([one.curves for one in pictures.values()], axis=0))

    @property
    def summary(self) -> dict[str, float]:
        """The data set's figures.

        Means over the pictures, but: "max_f" and "max_e" are the maxima of the mean curves, as PySODMetrics has them. The other two readings of max F
        met in papers stand beside it: "max_f_of_mean_pr", from the averaged precision and recall (U²-Net's), and "mean_of_max_f".
        """
        precision, recall, f, e = self.curves
        means = {one.id: float(self.column(one.id).mean()) for one in MEASURES}
        return {
            "pictures": len(self.pictures),
            **means,
            "max_f": float(f.max()),
            "max_f_of_mean_pr": float(f_measure(precision, recall).max()),
            "mean_of_max_f": means["max_f"],
            "max_e": float(e.max()),
        }

    def column(self, measure: str) -> NDArray[np.float64]:
        """One measure of all pictures, in order."""
        return np.array([float(picture[measure]) for picture in self.pictures])

    def as_dict(self) -> dict[str, object]:
        """Everything, ready for JSON: name, stretched, pictures, summary, curves."""
        curves = dict(zip(("precision", "recall", "f", "e"), self.curves.tolist(), strict=True))
        return {"name": self.name, "stretched": self.stretched, "pictures": list(self.pictures), "summary": self.summary, "curves": curves}

    def write_json(self, path: Path) -> None:
        """Write `as_dict()`."""
        path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def write_csv(self, path: Path) -> None:
        """Write a row for each picture and a last one, named "(all)", for the data set."""
        names = ["name", *(one.id for one in MEASURES)]
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, names, extrasaction="ignore")
            table.writeheader()
            table.writerows([*self.pictures, {"name": "(all)", **self.summary}])
