"""Cropping to the subject."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.crop import subject_box


def test_the_box_holds_the_subjects_of_the_whole_batch():
    alpha = torch.zeros(2, 50, 60)
    alpha[0, 10:20, 30:40] = 1
    alpha[1, 15:25, 5:8] = 0.3
    alpha[1, 49, 59] = 0.03  # what a network leaves in an empty background
    assert subject_box(alpha) == (slice(10, 25), slice(5, 40))
    assert subject_box(alpha, 8) == (slice(2, 33), slice(0, 48))


def test_without_a_subject_it_is_the_whole_picture():
    assert subject_box(torch.zeros(1, 7, 9), 3) == (slice(0, 7), slice(0, 9))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 40))
def test_nothing_visible_lies_outside(height, width, margin):
    alpha = (torch.rand(1, height, width) > 0.95).float()
    rows, columns = subject_box(alpha, margin)
    assert float(alpha[:, rows, columns].sum()) == float(alpha.sum())
