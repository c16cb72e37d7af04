"""Our saliency measures against PySODMetrics on 1,000 maps of 300×400: the same figures, and how much sooner.

    python -m pip install pysodmetrics==1.6.2
    python benchmarks/metrics_speed.py [--maps 1000]

Both compute precision, recall and F curves, adaptive F, MAE, S, E curve, adaptive E and weighted F of every map. They take turns in
batches of 50, in alternating order; ours runs once on one thread and once on two (PySODMetrics has no threads).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from u2studio.shared_core.evaluation.boundary import weighted_f
from u2studio.shared_core.evaluation.pair import Pair
from u2studio.shared_core.evaluation.saliency import adaptive_e, adaptive_f, e_curve, f_measure, mae, precision_recall, s_measure

Map = NDArray[np.uint8]
Figures = dict[str, NDArray[np.float64] | float]
BATCH = 50


def maps(count: int) -> list[tuple[Map, Map]]:
    """(prediction, truth): one to four ellipses, blurred and spoiled with smooth noise."""
    random = np.random.default_rng(0)
    made: list[tuple[Map, Map]] = []
    for _ in range(count):
        truth = np.zeros((300, 400), np.uint8)
        for _ in range(random.integers(1, 5)):
            centre, axes = random.integers((40, 30), (360, 270)), random.integers((10, 10), (120, 90))
            cv2.ellipse(truth, centre.tolist(), axes.tolist(), float(random.integers(180)), 0, 360, 255, -1)
        noise = cv2.GaussianBlur(random.normal(0, 500, truth.shape).astype(np.float32), (0, 0), 8)
        prediction = np.clip(cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 3) + noise, 0, 255)
        made.append((prediction.astype(np.uint8), truth))
    return made


def ours(prediction: Map, truth: Map) -> Figures:
    """Our figures of one map."""
    pair = Pair.of(prediction, truth)
    precision, recall = precision_recall(pair)
    return {
        "precision": precision, "recall": recall, "F": f_measure(precision, recall), "adaptive F": adaptive_f(pair), "MAE": mae(pair),
        "S": s_measure(pair), "E": e_curve(pair), "adaptive E": adaptive_e(pair), "weighted F": weighted_f(pair),
    }  # fmt: skip


def theirs(prediction: Map, truth: Map) -> Figures:
    """PySODMetrics' figures of one map."""
    import py_sod_metrics as toolbox  # pyright: ignore[reportMissingImports]

    measures = [toolbox.Fmeasure(), toolbox.MAE(), toolbox.Smeasure(), toolbox.Emeasure(), toolbox.WeightedFmeasure()]
    for measure in measures:
        measure.step(prediction, truth)
    f, absolute, s, e, weighted = (measure.get_results() for measure in measures)
    return {
        "precision": f["pr"]["p"][::-1], "recall": f["pr"]["r"][::-1], "F": f["fm"]["curve"][::-1], "adaptive F": f["fm"]["adp"], "MAE": absolute["mae"],
        "S": s["sm"], "E": e["em"]["curve"][::-1], "adaptive E": e["em"]["adp"], "weighted F": weighted["wfm"],
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--maps", type=int, default=1000)
    count = arguments.parse_args().maps
    warnings.simplefilter("ignore")
    pairs = maps(count)
    pool = ThreadPoolExecutor(2)
    runners: dict[str, Callable[[list[tuple[Map, Map]]], list[Figures]]] = {
        "PySODMetrics": lambda batch: [theirs(*pair) for pair in batch],
        "ours, 1 thread": lambda batch: [ours(*pair) for pair in batch],
        "ours, 2 threads": lambda batch: list(pool.map(lambda pair: ours(*pair), batch)),
    }
    for run in runners.values():
        run(pairs[:4])
    seconds, figures = dict.fromkeys(runners, 0.0), {name: [] for name in runners}
    for turn, start in enumerate(range(0, count, BATCH)):
        for name in list(runners)[:: 1 if turn % 2 else -1]:
            begun = time.perf_counter()
            figures[name] += runners[name](pairs[start : start + BATCH])
            seconds[name] += time.perf_counter() - begun
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{count} maps of 300×400, OpenCV {cv2.__version__}, numpy {np.__version__}, load {load}")
    for name in runners:
        print(f"{name:16} {seconds[name] / count * 1000:7.2f} ms a map  {seconds['PySODMetrics'] / seconds[name]:5.1f}×")
    for measure in figures["PySODMetrics"][0]:
        worst = max(float(np.abs(np.asarray(a[measure]) - b[measure]).max()) for a, b in zip(figures["PySODMetrics"], figures["ours, 1 thread"], strict=True))
        print(f"largest difference in {measure:11} {worst:.1e}")


if __name__ == "__main__":
    main()
