"""Writes `pysodmetrics.json`: python -m pip install pysodmetrics==1.6.2, then python tests/evaluation/make_oracle.py."""

from __future__ import annotations

import json
import warnings

import numpy as np
import py_sod_metrics as toolbox  # pyright: ignore[reportMissingImports]
from test_against_pysodmetrics import ORACLE, THRESHOLDS, Map, synthetic_maps


def theirs(prediction: Map, truth: Map, stretch: bool) -> dict[str, object]:
    """PySODMetrics' figures of one pair; its curves run from threshold 255 down, ours up."""
    pair = (prediction, truth) if stretch else (prediction / 255, truth > 128)
    iou = {"iou": toolbox.IOUHandler(with_dynamic=False, with_adaptive=False, with_binary=True)}
    measures = [toolbox.Fmeasure(), toolbox.MAE(), toolbox.Smeasure(), toolbox.Emeasure(), toolbox.WeightedFmeasure(), toolbox.FmeasureV2(iou)]
    for measure in measures:
        measure.step(*pair, normalize=stretch)
    f, mae, s, e, weighted, union = (measure.get_results() for measure in measures)
    curves = {"precision": f["pr"]["p"], "recall": f["pr"]["r"], "f": f["fm"]["curve"], "e": e["em"]["curve"]}
    curves = {name: np.flip(curve) for name, curve in curves.items()}
    return {
        **{name: curve[THRESHOLDS].round(9).tolist() for name, curve in curves.items()},
        **{f"max_{name}": round(float(curve.max()), 9) for name, curve in curves.items()},
        **{f"mean_{name}": round(float(curve.mean()), 9) for name, curve in curves.items()},
        "mae": round(float(mae["mae"]), 9),
        "adaptive_f": round(float(f["fm"]["adp"]), 9),
        "adaptive_e": round(float(e["em"]["adp"]), 9),
        "s_measure": round(float(s["sm"]), 9),
        "weighted_f": round(float(weighted["wfm"]), 9),
        "iou": round(float(union["iou"]["binary"]), 9),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    maps = synthetic_maps()
    answers = {title: {name: theirs(*pair, stretch) for name, pair in maps.items()} for title, stretch in (("stretched", True), ("as they are", False))}
    ORACLE.write_text(json.dumps(answers, allow_nan=False) + "\n", encoding="utf-8")
