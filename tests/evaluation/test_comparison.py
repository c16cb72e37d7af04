"""One report against another on the same pictures, and tables of several."""

from __future__ import annotations

import numpy as np
import pytest

from u2studio.shared_core import BadInput
from u2studio.shared_core.evaluation.comparison import paired_differences, paired_table, summary_table
from u2studio.shared_core.evaluation.report import MEASURES, Report, Scores


def report(name: str, maes: list[float], pictures: str = "abcd") -> Report:
    figures = [{measure.id: 0.5 for measure in MEASURES} | {"mae": value} for value in maes]
    return Report.of(name, {picture: Scores(one, np.full((4, 256), 0.5)) for picture, one in zip(pictures, figures, strict=True)})


def test_paired_difference_by_hand() -> None:
    found = {one.measure.id: one for one in paired_differences(report("a", [0.1, 0.2, 0.3, 0.4]), report("b", [0.1, 0.1, 0.1, 0.5]))}["mae"]
    assert found.mean == pytest.approx(-0.05)  # changes 0, −0.1, −0.2, +0.1
    assert found.standard_error == pytest.approx(np.std([0, -0.1, -0.2, 0.1], ddof=1) / 2)
    assert (found.better, found.worse) == (0.5, 0.25)
    assert found.verdict == "same"


@pytest.mark.parametrize(("others", "verdict"), [([0.01, 0.12, 0.21, 0.29], "better"), ([0.19, 0.31, 0.41, 0.5], "worse"), ([0.1, 0.2, 0.3, 0.4], "same")])
def test_lower_errors_are_better(others: list[float], verdict: str) -> None:
    (mae, *_) = paired_differences(report("a", [0.1, 0.2, 0.3, 0.4]), report("b", others))
    assert mae.verdict == verdict


def test_other_pictures_are_refused() -> None:
    with pytest.raises(BadInput, match="a and b"):
        paired_differences(report("a", [0.1] * 4), report("b", [0.1] * 4, "abce"))


def test_summary_table_marks_the_best() -> None:
    table = summary_table([report("a", [0.1] * 4), report("b", [0.2] * 4)], ["mae", "weighted_f"], {"paper": {"mae": 0.044}})
    assert table.splitlines() == [
        "| | MAE ↓ | weighted F ↑ |",
        "|---|---|---|",
        "| a | **0.1000** | **0.5000** |",
        "| b | 0.2000 | **0.5000** |",
        "| paper | 0.044 |  |",
    ]


def test_paired_table_says_change_error_and_share() -> None:
    base = report("a", [0.1, 0.2, 0.3, 0.4])
    others = [report("b", [0.1, 0.1, 0.1, 0.5]), report("c", [0.01, 0.12, 0.21, 0.29]), report("d", [0.19, 0.31, 0.41, 0.5])]
    assert paired_table(base, others, ["mae", "iou"]).splitlines() == [
        "| against a | MAE ↓ | IoU ↑ |",
        "|---|---|---|",
        "| b | −0.0500 ± 0.0645, 50% | +0.0000 ± 0.0000, 0% |",
        "| c | **−0.0925** ± 0.0063, 100% | +0.0000 ± 0.0000, 0% |",
        "| d | *+0.1025* ± 0.0048, 0% | +0.0000 ± 0.0000, 0% |",
    ]
