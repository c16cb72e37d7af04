"""Reports beside each other: tables in Markdown, and how one does against another on the very same pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BadInput
from .report import MEASURES, Measure, Report

__all__ = ["PairedDifference", "paired_differences", "paired_table", "summary_table"]


@dataclass(frozen=True)
class PairedDifference:
    """How much a measure changes from one report to another, picture by picture."""

    measure: Measure
    mean: float
    """other − base"""
    standard_error: float
    """of the mean, from the spread over pictures; 0 for a single picture"""
    better: float
    """share of pictures where the other is better, 0..1"""
    worse: float
    """share of pictures where it is worse; what is left is equal"""

    @property
    def verdict(self) -> str:
        """ "better" or "worse" when the mean difference is above two standard errors, else "same"."""
        if abs(self.mean) <= 2 * self.standard_error:
            return "same"
        return "better" if (self.mean > 0) == self.measure.higher_is_better else "worse"


def paired_differences(base: Report, other: Report) -> list[PairedDifference]:
    """Every measure of `other` against `base`, by picture. Raises: BadInput, when they scored different pictures."""
    names, others = ([picture["name"] for picture in report.pictures] for report in (base, other))
    if names != others:
        raise BadInput("{first} and {second} scored different pictures, so they cannot be compared picture by picture.", first=base.name, second=other.name)
    found: list[PairedDifference] = []
    for measure in MEASURES:
        change = other.column(measure.id) - base.column(measure.id)
        error = float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else 0.0
        gain = change if measure.higher_is_better else -change
        found.append(PairedDifference(measure, float(change.mean()), error, float((gain > 0).mean()), float((gain < 0).mean())))
    return found


def summary_table(reports: Sequence[Report], measures: Sequence[str], published: Mapping[str, Mapping[str, float]] | None = None) -> str:
    """Markdown: a row for each report, and for each published result, with these measures of its summary; the best of the reports is bold."""
    chosen = [measure for measure in MEASURES if measure.id in measures]
    lines = ["| | " + " | ".join(map(_heading, chosen)) + " |", "|---|" + "---|" * len(chosen)]
    summaries = {report.name: report.summary for report in reports}
    best = {one.id: (max if one.higher_is_better else min)(summary[one.id] for summary in summaries.values()) for one in chosen}
    for name, summary in summaries.items():
        cells = [_number(summary[one.id]) for one in chosen]
        marked = [f"**{cell}**" if len(reports) > 1 and cell == _number(best[one.id]) else cell for cell, one in zip(cells, chosen, strict=True)]
        lines.append(f"| {name} | " + " | ".join(marked) + " |")
    for name, figures in (published or {}).items():
        lines.append(f"| {name} | " + " | ".join(f"{figures[one.id]:.3f}" if one.id in figures else "" for one in chosen) + " |")
    return "\n".join(lines)


def paired_table(base: Report, others: Sequence[Report], measures: Sequence[str]) -> str:
    """Markdown: a row for each other report; in each cell the mean change by picture ± its standard error, and the share of pictures better.

    Changes above two standard errors are bold where they are better, in italics where worse.
    """
    chosen = [measure for measure in MEASURES if measure.id in measures]
    lines = [f"| against {base.name} | " + " | ".join(map(_heading, chosen)) + " |", "|---|" + "---|" * len(chosen)]
    for other in others:
        cells = [_change(one) for one in paired_differences(base, other) if one.measure in chosen]
        lines.append(f"| {other.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _heading(measure: Measure) -> str:
    return f"{measure.title} {'↑' if measure.higher_is_better else '↓'}"


def _change(one: PairedDifference) -> str:
    mark = {"better": "**", "worse": "*", "same": ""}[one.verdict]
    return f"{mark}{'+' if one.mean >= 0 else '−'}{_number(abs(one.mean))}{mark} ± {_number(one.standard_error)}, {one.better:.0%}"


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"
