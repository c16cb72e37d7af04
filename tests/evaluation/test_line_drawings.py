"""Figures of line drawings against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from u2studio.shared_core.evaluation.line_drawings import compare_drawings, frame_ink, ink_f, rim, stretched


def plane(*boxes: tuple[slice, slice], size: int = 40) -> NDArray[np.float32]:
    """Paper with full ink in some boxes."""
    made = np.zeros((size, size), np.float32)
    for box in boxes:
        made[box] = 1
    return made


LINE = (slice(10, 12), slice(5, 35))


def test_a_drawing_is_like_itself() -> None:
    figures = compare_drawings(plane(LINE), plane(LINE))
    assert (figures.l1, figures.ink_f, figures.rim_f) == (0, 1, 1)
    assert figures.ink_share == figures.true_ink_share == pytest.approx(60 / 1600)
    assert figures.background == figures.true_background == 0


def test_blank_paper_finds_nothing() -> None:
    figures = compare_drawings(plane(), plane(LINE))
    assert figures.l1 == pytest.approx(60 / 1600)
    assert (figures.ink_f, figures.rim_f, figures.ink_share) == (0, 0, 0)
    assert compare_drawings(plane(), plane()).ink_f == 1


@pytest.mark.parametrize(("shift", "expected"), [(1, 1.0), (2, 1.0), (3, 0.5), (4, 0.0)])
def test_two_pixels_off_still_count(shift: int, expected: float) -> None:
    moved = (slice(10 + shift, 12 + shift), LINE[1])
    assert compare_drawings(plane(moved), plane(LINE)).ink_f == pytest.approx(expected), "a line two pixels wide: at 3 one half of it is near"


def test_half_the_lines_found_is_two_thirds() -> None:
    both = plane(LINE, (slice(30, 32), LINE[1]))
    assert compare_drawings(plane(LINE), both).ink_f == pytest.approx(2 / 3)


def test_a_solid_in_place_of_hatching_has_the_ink_and_not_the_rim() -> None:
    hatched, solid = plane(size=64), plane((slice(8, 56), slice(8, 56)), size=64)
    for row in range(8, 56, 8):
        hatched[row : row + 5, 8:56] = 1  # paper of three pixels between, so that all of the solid lies near a stroke
    figures = compare_drawings(solid, hatched)
    # the last row of the solid is three pixels from the last stroke, all else within two
    assert figures.ink_f == pytest.approx(2 * (47 / 48) / (1 + 47 / 48))
    assert figures.rim_f < 0.5


def test_what_is_darker_than_half_is_ink_after_stretching() -> None:
    faint = 0.2 + 0.3 * plane(LINE)
    assert compare_drawings(faint, plane(LINE)).l1 == pytest.approx(0, abs=1e-6)
    assert not stretched(np.full((4, 4), 0.7)).any()


def test_background_is_what_lies_far_from_the_ink() -> None:
    dirty = plane(LINE)
    dirty[30:, :] = 0.25
    figures = compare_drawings(dirty, plane(LINE))
    assert 0.05 < figures.background < 0.25
    assert figures.true_background == 0


def test_the_rim_is_one_pixel_wide_and_the_picture_s_edge_is_none() -> None:
    dark = plane((slice(0, 10), slice(0, 10)), size=20) > 0
    expected = np.zeros_like(dark)
    expected[9, :10] = expected[:10, 9] = True
    np.testing.assert_array_equal(rim(dark), expected)


def test_ink_f_is_the_same_both_ways() -> None:
    random = np.random.default_rng(0)
    one, other = random.random((2, 50, 50)) < 0.02
    assert ink_f(one, other) == pytest.approx(ink_f(other, one))


def test_a_frame_line_is_seen_where_the_photo_ends() -> None:
    inside = plane((slice(8, 32), slice(8, 32))) > 0
    framed = plane((slice(8, 10), slice(8, 32)), (slice(30, 32), slice(8, 32)), (slice(8, 32), slice(8, 10)), (slice(8, 32), slice(30, 32)))
    assert frame_ink(framed, inside) > 0.4
    assert frame_ink(plane((slice(8, 32), slice(8, 32))), inside) == 0, "hair cut by the photo's edge is no frame"
    assert frame_ink(framed, np.ones_like(inside)) == 0
