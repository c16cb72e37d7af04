"""Our figures are those of PySODMetrics. Its answers for these maps are stored in `pysodmetrics.json`, made by `make_oracle.py`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from u2studio.shared_core.evaluation.boundary import weighted_f
from u2studio.shared_core.evaluation.pair import Pair
from u2studio.shared_core.evaluation.saliency import adaptive_e, adaptive_f, e_curve, f_measure, iou, mae, precision_recall, s_measure

ORACLE = Path(__file__).with_name("pysodmetrics.json")
THRESHOLDS = slice(0, 256, 15)

Map = NDArray[np.uint8]


def synthetic_maps() -> dict[str, tuple[Map, Map]]:
    """(prediction, truth) by name, bit-equal on every machine: integers, and the frozen legacy generator."""
    random = np.random.RandomState(20200518)
    row, column = np.mgrid[:61, :83]

    def disc(y: int, x: int, radius: int) -> Map:
        return (((row - y) ** 2 + (column - x) ** 2) <= radius**2).astype(np.uint8) * 255

    def soft(truth: Map, noise: int) -> Map:
        rough = truth.astype(np.int64) + random.randint(-noise, noise + 1, truth.shape)
        padded = np.pad(rough, 3, mode="edge")
        box = sum(padded[i : i + 61, j : j + 83] for i in range(7) for j in range(7)) // 49
        return np.clip(box, 0, 255).astype(np.uint8)

    body, pair, ring = disc(30, 40, 19), disc(20, 20, 12) | disc(40, 60, 9), disc(30, 40, 22) & ~disc(30, 40, 14)
    corner, specks = disc(0, 82, 25), (random.randint(0, 100, row.shape) == 0).astype(np.uint8) * 255
    line = (np.abs(row - column) == 0).astype(np.uint8) * 255
    pixel = np.zeros_like(body)
    pixel[31, 17] = 255
    noise = random.randint(0, 256, row.shape).astype(np.uint8)
    return {
        "soft": (soft(body, 40), body),
        "shifted": (soft(np.roll(body, 6, axis=1), 40), body),
        "two": (soft(pair, 90), pair),
        "one of two": (soft(disc(20, 20, 12), 20), pair),
        "ring": (soft(body, 30), ring),
        "corner": (soft(corner, 60), corner),
        "specks": (soft(specks, 30), specks),
        "line": (soft(line, 30), line),
        "pixel": (soft(disc(31, 17, 3), 10), pixel),
        "binary": (np.roll(body, 3, axis=0), body),
        "narrow range": ((soft(body, 40) // 4 + 90).astype(np.uint8), body),
        "flat": (np.full_like(body, 77), body),
        "half flat": (np.where(column < 41, 77, soft(body, 40)).astype(np.uint8), body),
        "black": (np.zeros_like(body), body),
        "white": (np.full_like(body, 255), body),
        "inverse": (255 - body, body),
        "noise": (noise, body),
        "grey truth": (soft(noise, 20), noise),
        "empty truth": (soft(body, 40), np.zeros_like(body)),
        "full truth": (soft(body, 40), np.full_like(body, 255)),
        "four rows": (soft(body, 40)[29:33], body[29:33]),
    }


def ours(prediction: Map, truth: Map, stretch: bool) -> dict[str, float | list[float]]:
    """What the oracle holds, from our functions."""
    pair = Pair.of(prediction, truth, stretch=stretch)
    precision, recall = precision_recall(pair)
    f, e = f_measure(precision, recall), e_curve(pair)
    curves = {"precision": precision, "recall": recall, "f": f, "e": e}
    return {
        **{name: curve[THRESHOLDS].tolist() for name, curve in curves.items()},
        **{f"max_{name}": float(curve.max()) for name, curve in curves.items()},
        **{f"mean_{name}": float(curve.mean()) for name, curve in curves.items()},
        "mae": mae(pair),
        "adaptive_f": adaptive_f(pair),
        "adaptive_e": adaptive_e(pair),
        "s_measure": s_measure(pair),
        "weighted_f": weighted_f(pair),
        "iou": iou(pair),
    }


@pytest.mark.parametrize("stretch", [True, False], ids=["stretched", "as they are"])
@pytest.mark.parametrize("name", synthetic_maps())
def test_figures_are_the_toolboxes(name: str, stretch: bool) -> None:
    stored = json.loads(ORACLE.read_text(encoding="utf-8"))["stretched" if stretch else "as they are"][name]
    found = ours(*synthetic_maps()[name], stretch)
    assert set(found) == set(stored)
    for measure, value in stored.items():
        assert found[measure] == pytest.approx(value, abs=1e-6, rel=0), measure


@pytest.mark.parametrize("y", [0, 29, 59])
def test_a_subject_at_the_last_column_has_a_structure_measure(y: int) -> None:
    """PySODMetrics answers NaN here: one of the four regions around the centre has no pixels."""
    truth = np.zeros((60, 40), np.uint8)
    truth[y, 39] = 255
    assert 0.9 < s_measure(Pair.of(truth, truth)) <= 1
