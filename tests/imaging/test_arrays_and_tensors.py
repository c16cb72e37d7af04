"""Pictures come as arrays or as tensors: the result is the same, and of the kind that was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from u2studio.shared_core.arrays import as_tensor
from u2studio.shared_core.imaging.cutout import cutout, rgb_of
from u2studio.shared_core.imaging.foreground import estimate_foreground
from u2studio.shared_core.imaging.guided_filter import fast_guided_filter
from u2studio.shared_core.imaging.refine import refine_alpha
from u2studio.shared_core.imaging.resize import enlarge_map, shrink, truncated_to_bytes
from u2studio.shared_core.imaging.trimap import constrain_alpha, make_trimap
from u2studio.shared_core.models.cards import Reading, card
from u2studio.shared_core.pipelines.confidence import agreement, overlap
from u2studio.shared_core.pipelines.network_alpha import network_input, read_map

HEIGHT, WIDTH = 131, 203
OF_PICTURES: dict[str, Callable[[Any, Any], Any]] = {
    "agreement": lambda _, alpha: agreement([alpha, alpha * 0.5, alpha * alpha]),
    "constrain_alpha": lambda _, alpha: constrain_alpha(alpha, make_trimap(alpha, 3, 3)),
    "cutout": cutout,
    "enlarge_map": lambda _, alpha: enlarge_map(alpha, 300, 411),
    "enlarge_map to a smaller one": lambda _, alpha: enlarge_map(alpha, 30, 41),
    "enlarge_map in bytes": lambda _, alpha: enlarge_map(alpha, 300, 411, "lanczos"),
    "estimate_foreground": estimate_foreground,
    "fast_guided_filter": lambda image, alpha: fast_guided_filter(image[..., :3], alpha, 8, 1e-3, 4),
    "make_trimap": lambda _, alpha: make_trimap(alpha, 4, 6),
    "network_input": lambda image, _: network_input(image, card("u2netp").profile().preprocess)[0],
    "network_input of the authors": lambda image, _: network_input(image, card("u2netp").profile("official").preprocess)[0],
    "overlap": lambda _, alpha: overlap([alpha, alpha * 0.5]),
    "read_map": lambda _, alpha: read_map(8 * alpha[:, None] - 4, Reading(min_max="confident")),
    "read_map of classes": lambda _, alpha: read_map(alpha.reshape(1, 1, HEIGHT, WIDTH) * as_like(np.arange(3, dtype=np.float32)[:, None, None], alpha),
                                                    Reading(activation="softmax")),
    "refine_alpha": lambda image, alpha: refine_alpha(image, alpha, 9.0),
    "rgb_of": lambda image, _: rgb_of(image),
    "shrink": lambda image, _: shrink(image, 40, 50, "antialiased"),
    "shrink by neighbours": lambda image, _: shrink(image, 40, 50, "bilinear"),
    "shrink by lanczos": lambda image, _: shrink(image, 40, 50, "lanczos"),
    "truncated_to_bytes": lambda _, alpha: truncated_to_bytes(alpha),
}  # fmt: skip
"""what is called → of an image and an alpha"""


def as_like(numbers: np.ndarray, given: Any) -> Any:
    return numbers if isinstance(given, np.ndarray) else as_tensor(numbers)


@pytest.mark.parametrize("name", OF_PICTURES)
@pytest.mark.parametrize("depth", ["bytes", "floats"])
@pytest.mark.parametrize("channels", [3, 4])
def test_both_give_the_same(name: str, depth: str, channels: int) -> None:
    random = np.random.default_rng(3)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((40 - np.hypot(y - 60, x - 90)) / 12 + 0.5, 0, 1)[None]
    image = np.clip(0.3 + 0.5 * alpha[..., None] + random.normal(0, 0.03, (1, HEIGHT, WIDTH, channels)), 0, 1).astype(np.float32)
    image = np.rint(image * 255).astype(np.uint8) if depth == "bytes" else image
    image.flags.writeable = alpha.flags.writeable = False
    of_arrays = OF_PICTURES[name](image, alpha)
    of_tensors = OF_PICTURES[name](as_tensor(image), as_tensor(alpha))
    assert isinstance(of_arrays, np.ndarray)
    assert isinstance(of_tensors, torch.Tensor)
    assert of_arrays.dtype == of_tensors.numpy().dtype
    np.testing.assert_allclose(of_arrays, of_tensors.numpy(), atol=1 if of_arrays.dtype == np.uint8 else 2e-5)
