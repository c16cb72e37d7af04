"""Cropping to the subject."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, as_array

__all__ = ["subject_box"]

_VISIBLE = 0.05
"""A network's background is seldom an exact 0; alphas up to this do not count as subject."""


def subject_box(alpha: Array, margin: int = 0) -> tuple[slice, slice]:
    """The rectangle that holds the subject in every picture of a batch: `picture[:, rows, columns]` is the crop.

    Args:
        alpha: 0..1, [B, H, W].
        margin: pixels added on each side as far as the picture reaches, ≥ 0.
    Returns: rows and columns; the whole picture where there is no subject.
    """
    visible = (alpha > _VISIBLE).any(0)
    down, across = (as_array(visible.any(axis)) for axis in (1, 0))
    if not down.any():
        return slice(0, alpha.shape[1]), slice(0, alpha.shape[2])
    return _extent(down, margin), _extent(across, margin)


def _extent(used: np.ndarray, margin: int) -> slice:
    (places,) = used.nonzero()
    return slice(max(0, int(places[0]) - margin), min(len(used), int(places[-1]) + 1 + margin))
