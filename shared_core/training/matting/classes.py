"""Labels of several classes: read, learned as shares of one, scored, shown."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["as_shares", "coloured", "confusion", "figures", "outside"]


def outside(plane: NDArray[np.integer], count: int) -> list[int]:
    """Values of a label map that name no class."""
    return [int(value) for value in np.unique(plane) if not 0 <= value < count]


def as_shares(plane: NDArray[np.integer], count: int, size: int) -> NDArray[np.float32]:
    """A label map [H, W] as one plane a class, [count, size, size], 0 or 1; pixels are picked, never mixed."""
    picked = cv2.resize(np.ascontiguousarray(plane, np.uint8), (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return (picked[None] == np.arange(count)[:, None, None]).astype(np.float32)


def confusion(found: NDArray[np.integer], truth: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Pixels by true and found class, [count, count]."""
    return np.bincount(truth.astype(np.int64).ravel() * count + found.astype(np.int64).ravel(), minlength=count * count).reshape(count, count)


def figures(tables: Sequence[NDArray[np.int64]], names: Sequence[str]) -> dict[str, float]:
    """From all pictures' confusion: share of pixels right, IoU of each class and their mean; a class that never occurs is left out of it."""
    total = np.sum(tables, axis=0)
    right, union = np.diag(total), total.sum(0) + total.sum(1) - np.diag(total)
    each = np.divide(right, union, out=np.full(len(names), np.nan), where=union > 0)
    return {
        "mean_iou": float(np.nanmean(each)),
        "accuracy": float(right.sum() / total.sum()),
        **{f"iou_{name}": float(one) for name, one in zip(names, each, strict=True)},
    }


def coloured(shares: Tensor) -> Tensor:
    """Probabilities [B, classes, H, W] as colours 0..1, [B, 3, H, W]; the first class is black, the others lie around the wheel."""
    count = shares.shape[1]
    hue = torch.arange(count) * 360 / max(1, count - 1)
    colours = torch.stack([((hue / 60 + shift) % 6 - 3).abs().sub(1).clamp(0, 1) for shift in (0, 4, 2)], 1)
    colours[0] = 0
    return torch.einsum("bchw,cd->bdhw", shares, colours)
