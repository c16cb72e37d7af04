"""What cuts out and finishes gives the same for arrays and for tensors, in the kind that was given, and on devices what it gives on the CPU."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from u2studio.shared_core.arrays import alike, as_tensor
from u2studio.shared_core.imaging import cleanup
from u2studio.shared_core.imaging.areas import area_means
from u2studio.shared_core.imaging.background import blurred_background, gradient
from u2studio.shared_core.imaging.closed_form import closed_form_alpha
from u2studio.shared_core.imaging.composite import composite, cover
from u2studio.shared_core.imaging.crf import crf_alpha
from u2studio.shared_core.imaging.crop import subject_box
from u2studio.shared_core.imaging.cutout import cutout, rgb_of
from u2studio.shared_core.imaging.despill import despill
from u2studio.shared_core.imaging.foreground import estimate_foreground
from u2studio.shared_core.imaging.guided_filter import fast_guided_filter
from u2studio.shared_core.imaging.refine import refine_alpha
from u2studio.shared_core.imaging.resize import enlarge_map, shrink, truncated_to_bytes
from u2studio.shared_core.imaging.shadow import drop_shadow, lay_over_shadow
from u2studio.shared_core.imaging.sheet import sheet
from u2studio.shared_core.imaging.tiles import Tiling
from u2studio.shared_core.imaging.trimap import constrain_alpha, make_trimap
from u2studio.shared_core.models.cards import Reading, card
from u2studio.shared_core.pipelines.confidence import agreement, overlap
from u2studio.shared_core.pipelines.network_alpha import network_input, read_map

HEIGHT, WIDTH = 131, 203
Finish = Callable[[Any, Any], Any]
OF_PICTURES: dict[str, Finish] = {
    "area_means": lambda _, alpha: area_means(alpha, 30, 41),
    "blurred_background": lambda image, alpha: blurred_background(image, alpha, 30.0),
    "composite over a colour": lambda image, alpha: composite(image, alpha, "#20c080"),
    "composite over a picture": lambda image, alpha: composite(image, alpha, image),
    "composite over a gradient": lambda image, alpha: composite(image, alpha, alike(gradient(HEIGHT, WIDTH, "#ff0000", "#0000ff", 30.0), alpha)),
    "composite over a larger one": lambda image, alpha: composite(image[:, :50, :60], alpha[:, :50, :60], image),
    "composite over a smaller one": lambda image, alpha: composite(image, alpha, image[:, :50, :60]),
    "cover": lambda image, _: cover(image, 50, 90),
    "despill": lambda image, _: despill(image, "green", 0.7),
    "despill of blue": lambda image, _: despill(image, "blue"),
    "drop_shadow": lambda _, alpha: drop_shadow(alpha, 7, -9, 6.0, 0.6),
    "feather": lambda _, alpha: cleanup.feather(alpha, 7.0),
    "fill_holes": lambda _, alpha: cleanup.fill_holes(alpha),
    "grow": lambda _, alpha: cleanup.grow(alpha, 2.3),
    "harden": lambda _, alpha: cleanup.harden(alpha, 0.3),
    "harden fully": lambda _, alpha: cleanup.harden(alpha, 1),
    "keep_largest": lambda _, alpha: cleanup.keep_largest(alpha),
    "lay_over_shadow": lambda image, alpha: lay_over_shadow(image, alpha, drop_shadow(alpha, 7, 9, 6.0, 0.6), "#402010")[0],
    "lay_over_shadow, its alpha": lambda image, alpha: lay_over_shadow(image, alpha, drop_shadow(alpha, 7, 9, 6.0, 0.6))[1],
    "remove_specks": lambda _, alpha: cleanup.remove_specks(alpha, 20),
    "sheet": lambda image, alpha: sheet(image, alpha, image),
    "shrink": lambda _, alpha: cleanup.grow(alpha, -3),
    "tiles": lambda _, alpha: next(iter(Tiling(HEIGHT, WIDTH, 100, 30, alpha))).window,
}  # fmt: skip
"""what is called → of an image and an alpha"""
FITTING: dict[str, Finish] = {
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
    "read_map of classes": lambda _, alpha: read_map(alpha.reshape(1, 1, HEIGHT, WIDTH) * alike(np.arange(3, dtype=np.float32)[:, None, None], alpha),
                                                    Reading(activation="softmax")),
    "refine_alpha": lambda image, alpha: refine_alpha(image, alpha, 9.0),
    "rgb_of": lambda image, _: rgb_of(image),
    "shrink a photo": lambda image, _: shrink(image, 40, 50, "antialiased"),
    "shrink by neighbours": lambda image, _: shrink(image, 40, 50, "bilinear"),
    "shrink by lanczos": lambda image, _: shrink(image, 40, 50, "lanczos"),
    "truncated_to_bytes": lambda _, alpha: truncated_to_bytes(alpha),
}  # fmt: skip
"""what cuts out, alike"""
APART_ELSEWHERE = {"shrink a photo": 1.5 / 255, "network_input": 1.5 / 255 / 0.224, "estimate_foreground": 2e-4}
"""on devices a shrunken photo is not rounded to bytes, and means are sums of float32"""
WITH_PACKAGES: dict[str, tuple[str, Finish]] = {
    "closed_form_alpha": ("pymatting", lambda image, alpha: closed_form_alpha(image, make_trimap(alpha, 6, 6))),
    "closed_form_alpha, of a mask": ("pymatting", lambda image, alpha: closed_form_alpha(image, make_trimap(alpha, 6, 6), alpha)),
    "crf_alpha": ("pydensecrf", lambda image, alpha: crf_alpha(image, alpha, 9.0)),
}


def scene(depth: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """An image and an alpha that nobody may write into."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((40 - np.hypot(y - 60, x - 90)) / 12 + 0.5, 0, 1)[None]
    image = np.clip(0.3 + 0.5 * alpha[..., None] + random.normal(0, 0.03, (1, HEIGHT, WIDTH, channels)), 0, 1).astype(np.float32)
    image = np.rint(image * 255).astype(np.uint8) if depth == "bytes" else image
    image.flags.writeable = alpha.flags.writeable = False
    return image, alpha


def assert_same(one: np.ndarray, other: np.ndarray, apart: float = 2e-5) -> None:
    assert one.dtype == other.dtype
    np.testing.assert_allclose(one.astype(float), other, rtol=0, atol=1 if one.dtype == np.uint8 else apart)


@pytest.mark.parametrize("name", [*OF_PICTURES, *FITTING, *WITH_PACKAGES])
@pytest.mark.parametrize("depth", ["bytes", "floats"])
@pytest.mark.parametrize("channels", [3, 4])
def test_both_give_the_same(name: str, depth: str, channels: int) -> None:
    package, finish = WITH_PACKAGES[name] if name in WITH_PACKAGES else ("numpy", (OF_PICTURES | FITTING)[name])
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    image, alpha = scene(depth, channels)
    of_arrays, of_tensors = finish(image, alpha), finish(as_tensor(image), as_tensor(alpha))
    assert isinstance(of_arrays, np.ndarray)
    assert isinstance(of_tensors, torch.Tensor)
    assert_same(of_arrays, of_tensors.numpy())


@pytest.mark.parametrize("name", [*OF_PICTURES, *FITTING])
@pytest.mark.parametrize("depth", ["bytes", "floats"])
@pytest.mark.parametrize("channels", [3, 4])
def test_tensors_elsewhere_give_the_same(name: str, depth: str, channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done on devices, done here on tensors that are said to lie elsewhere."""
    image, alpha = scene(depth, channels)
    expected = (OF_PICTURES | FITTING)[name](image, alpha)
    for module in [one for key, one in sys.modules.items() if key.startswith("u2studio.shared_core.imaging.")]:
        if hasattr(module, "is_on_cpu"):
            monkeypatch.setattr(module, "is_on_cpu", lambda one: isinstance(one, np.ndarray))
    assert_same(expected, (OF_PICTURES | FITTING)[name](as_tensor(image).clone(), as_tensor(alpha).clone()).numpy(), APART_ELSEWHERE.get(name, 2e-5))


@pytest.mark.parametrize("margin", [0, 5])
def test_the_box_is_the_same(margin: int) -> None:
    _, alpha = scene("bytes", 3)
    assert subject_box(alpha, margin) == subject_box(as_tensor(alpha), margin)
