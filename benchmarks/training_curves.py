"""Draw runs' losses and validation errors over their steps, small enough for a page.

python benchmarks/training_curves.py RUN [RUN …] -o docs/pictures/training/curves.png
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt


def columns(file: Path) -> dict[str, list[float]]:
    """A log's columns."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--metric", default="mae")
    given = parser.parse_args()
    mpl.use("Agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), dpi=90, layout="constrained")
    for run in given.runs:
        steps, validation = columns(run / "steps.csv"), columns(run / "validation.csv")
        left.plot(steps["step"], steps["loss"], linewidth=1, label=run.name)
        right.plot(validation["step"], validation[given.metric], marker=".", linewidth=1, label=run.name)
    left.set(xlabel="step", title="training loss")
    right.set(xlabel="step", title=f"validation {given.metric.upper()}")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(given.out)


if __name__ == "__main__":
    main()
