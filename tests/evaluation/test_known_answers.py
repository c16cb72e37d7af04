"""Figures that follow from the definitions by hand: empty, full, one pixel, moved squares."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from u2studio.shared_core import BadInput
from u2studio.shared_core.evaluation.boundary import relaxed_boundary_f, weighted_f
from u2studio.shared_core.evaluation.pair import Pair, as_levels
from u2studio.shared_core.evaluation.report import Report, scores
from u2studio.shared_core.evaluation.saliency import e_curve, f_curve, iou, mae, mean_iou, precision_recall, s_measure


def square(top: int = 10, left: int = 10, side: int = 20) -> NDArray[np.uint8]:
    mask = np.zeros((60, 70), np.uint8)
    mask[top : top + side, left : left + side] = 255
    return mask


EMPTY, FULL, PIXEL = np.zeros((5, 5), np.uint8), np.full((5, 5), 255, np.uint8), np.zeros((5, 5), np.uint8)
PIXEL[2, 2] = 255


class TestPerfectMap:
    pair = Pair.of(square(), square())

    @pytest.mark.parametrize("measure", [weighted_f, relaxed_boundary_f, s_measure, iou, mean_iou])
    def test_scores_one(self, measure) -> None:
        assert measure(self.pair) == pytest.approx(1, abs=1e-12)

    def test_has_no_error(self) -> None:
        assert mae(self.pair) == 0

    def test_precision_recall_and_f_are_one_at_every_threshold_but_zero(self) -> None:
        precision, recall = precision_recall(self.pair)
        assert (precision[1:] == 1).all()
        assert (recall == 1).all()
        assert precision[0] == pytest.approx(400 / 4200)
        assert (f_curve(self.pair)[1:] == 1).all()

    def test_alignment_is_one_but_for_its_sample_correction(self) -> None:
        assert e_curve(self.pair)[1:] == pytest.approx(4200 / 4199)


class TestOppositeMap:
    pair = Pair.of(255 - square(), square())

    @pytest.mark.parametrize("measure", [weighted_f, s_measure, iou, mean_iou])
    def test_scores_nothing(self, measure) -> None:
        assert measure(self.pair) == pytest.approx(0, abs=1e-6)

    def test_is_all_error(self) -> None:
        assert mae(self.pair) == 1


class TestNoSubject:
    """A picture without a subject: what finds nothing is right."""

    def test_nothing_found(self) -> None:
        pair = Pair.of(EMPTY, EMPTY)
        assert (mae(pair), s_measure(pair), relaxed_boundary_f(pair), mean_iou(pair)) == (0, 1, 1, 1)
        assert e_curve(pair)[1:] == pytest.approx(25 / 24)

    def test_everything_found(self) -> None:
        pair = Pair.of(FULL, EMPTY)
        assert (mae(pair), s_measure(pair), mean_iou(pair), weighted_f(pair), iou(pair)) == (1, 0, 0, 0, 0)
        assert (e_curve(pair) == 0).all()
        assert (f_curve(pair) == 0).all()

    def test_a_pixel_found(self) -> None:
        pair = Pair.of(PIXEL, EMPTY)
        assert mae(pair) == pytest.approx(1 / 25)
        assert s_measure(pair) == pytest.approx(24 / 25)
        assert relaxed_boundary_f(pair) == 0


class TestNothingButSubject:
    def test_everything_found(self) -> None:
        pair = Pair.of(FULL, FULL)
        assert (mae(pair), s_measure(pair), mean_iou(pair), relaxed_boundary_f(pair)) == (0, 1, 1, 1)
        assert weighted_f(pair) == pytest.approx(1)
        assert (f_curve(pair) == 1).all()

    def test_nothing_found(self) -> None:
        pair = Pair.of(EMPTY, FULL)
        assert (mae(pair), s_measure(pair), iou(pair)) == (1, 0, 0)


class TestOnePixel:
    def test_everything_found(self) -> None:
        pair = Pair.of(FULL, PIXEL)
        assert mae(pair) == pytest.approx(24 / 25)
        assert iou(pair) == pytest.approx(1 / 25)
        precision, recall = 1 / 25, 1
        assert f_curve(pair) == pytest.approx(1.3 * precision * recall / (0.3 * precision + recall))
        y, x = np.mgrid[-2:3, -2:3]
        false = (2 - 0.5 ** (np.hypot(y, x) / 5))[np.hypot(y, x) > 0].sum()
        precision = 1 / (1 + false)
        assert weighted_f(pair) == pytest.approx(2 * precision / (1 + precision), abs=1e-6)

    def test_found_in_the_wrong_place(self) -> None:
        pair = Pair.of(np.roll(PIXEL, 2), PIXEL)
        assert mae(pair) == pytest.approx(2 / 25)
        assert iou(pair) == 0
        assert relaxed_boundary_f(pair) == 1  # two pixels aside: within the slack

    def test_picture_of_one_pixel(self) -> None:
        figures = scores(PIXEL[2:3, 2:3], PIXEL[2:3, 2:3]).figures
        assert np.isfinite(list(figures.values())).all()
        assert figures["mae"] == 0


class TestBoundarySlack:
    def test_three_pixels_are_forgiven(self) -> None:
        assert relaxed_boundary_f(Pair.of(square(left=13), square())) == 1

    def test_four_pixels_are_not(self) -> None:
        # Of 76 boundary pixels, the 20 of the far side and 12 of the near one (its ends still touch top and bottom) lie 4 pixels off.
        assert relaxed_boundary_f(Pair.of(square(left=14), square())) == pytest.approx(44 / 76)

    def test_diagonal_distance_is_euclidean(self) -> None:
        truth, prediction = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
        truth[5, 5] = prediction[8, 8] = 255
        assert relaxed_boundary_f(Pair.of(prediction, truth)) == 0

    def test_the_frame_is_no_boundary(self) -> None:
        truth, prediction = np.zeros((20, 40), np.uint8), np.zeros((20, 40), np.uint8)
        truth[:, :10], prediction[:, :20] = 255, 255
        assert relaxed_boundary_f(Pair.of(prediction, truth)) == 0


class TestStretch:
    truth = square()
    faint = np.where(square() > 0, 150, 100).astype(np.uint8)

    def test_spreads_a_faint_map(self) -> None:
        assert mae(Pair.of(self.faint, self.truth)) == 0

    def test_can_be_left_out(self) -> None:
        share = 400 / 4200
        assert mae(Pair.of(self.faint, self.truth, stretch=False)) == pytest.approx(share * 105 / 255 + (1 - share) * 100 / 255)

    def test_leaves_a_flat_map_and_matting_errors_alone(self) -> None:
        flat = np.full_like(self.truth, 51)
        figures = scores(flat, self.truth).figures
        assert figures["mae"] == pytest.approx((400 * 0.8 + 3800 * 0.2) / 4200)
        assert figures["sad"] == pytest.approx((400 * 0.8 + 3800 * 0.2) / 1000)


class TestKindsOfPictures:
    @pytest.mark.parametrize("convert", [lambda m: m > 128, lambda m: m / 255, lambda m: (m / 255).astype(np.float32), lambda m: m * np.uint16(257)])
    def test_all_mean_the_same(self, convert) -> None:
        assert (as_levels(convert(square())) == square()).all()

    def test_floats_become_the_nearest_level(self) -> None:
        assert as_levels(np.array([[0.0, 0.4999, 0.5001, 1.0]])).tolist() == [[0, 127, 128, 255]]

    @pytest.mark.parametrize("bad", [np.array([[np.nan]]), np.array([[1.5]]), np.array([[-0.1]]), np.array([[1]]), np.zeros((2, 2, 3)), np.zeros((0, 4))])
    def test_others_are_refused(self, bad) -> None:
        with pytest.raises(BadInput):
            scores(bad, bad)

    def test_sizes_must_agree(self) -> None:
        with pytest.raises(BadInput, match=r"70×60.*5×5"):
            scores(square(), EMPTY)


class TestDataSet:
    """Two pictures whose best thresholds differ tell the three readings of max F apart."""

    first = scores(np.array([[60, 40, 0, 0]], np.uint8), np.array([[255, 0, 0, 0]], np.uint8), stretch=False)
    second = scores(np.array([[200, 40, 20, 0]], np.uint8), np.array([[255, 255, 0, 0]], np.uint8), stretch=False)
    report = Report.of("two", {"a": first, "b": second}, stretched=False)

    def test_means(self) -> None:
        assert self.report.summary["mae"] == pytest.approx((self.first.figures["mae"] + self.second.figures["mae"]) / 2)
        assert self.report.summary["pictures"] == 2

    def test_each_picture_alone_is_perfect(self) -> None:
        assert self.report.summary["mean_of_max_f"] == 1

    def test_max_of_the_mean_curve(self) -> None:
        # Above 40: F 1 and, with precision 1 and recall 1/2, 1.3·0.5/0.8. Up to 40: precision 1/2 and recall 1, 1.3·0.5/1.15, and 1.
        assert self.report.summary["max_f"] == pytest.approx((1 + 1.3 * 0.5 / 0.8) / 2)

    def test_f_of_the_mean_precision_and_recall(self) -> None:
        assert self.report.summary["max_f_of_mean_pr"] == pytest.approx(1.3 * 0.75 / (0.3 + 0.75))

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(BadInput):
            Report.of("none", {})
