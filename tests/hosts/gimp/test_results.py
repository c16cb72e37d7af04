"""What the plug-in leaves in a real GIMP is what the core computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from u2studio.shared_core import operation, run
from u2studio.shared_core.imaging.cutout import as_floats
from u2studio.shared_core.models.cache import ModelCache

from .conftest import ROOT, Run

pytestmark = pytest.mark.timeout(600)

SIDE = 192
STEP = 1.01 / 255
ON_CANVAS = (slice(21, SIDE), slice(0, 173))
"""the part of the photo that lies on the canvas, of which channels are"""
HEAD = ROOT / "workflows/inputs/u2studio_head.jpg"
HEAD_SIDE, HEAD_TOP = 512, 19
"""pixels of the head's photo; rows of it that lie above the canvas in check_portrait.py"""
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def models() -> ModelCache:
    return ModelCache("auto", "fp32")


def _read(file: Path, channels: int) -> Array:
    """Rows, columns and channels of what a script left; the bytes say whether it was u8, u16 or float."""
    width = file.stat().st_size // (SIDE * SIDE * channels)
    return np.fromfile(file, {1: np.uint8, 2: np.uint16, 4: np.float32}[width]).reshape(SIDE, SIDE, channels)


def _given(file: Path, channels: int) -> tuple[Array, Array, Array]:
    """A picture as the operation sees it, what of it lay beyond 0…1, which comes back, and how opaque it is."""
    picture = _read(file, channels)
    beyond = np.zeros((SIDE, SIDE, 3), np.float32)
    if picture.dtype != np.uint8:
        picture = picture.astype(np.float32) / np.float32(65535.0 if picture.dtype == np.uint16 else 1.0)
        beyond = (picture - picture.clip(0.0, 1.0))[..., :3]
        picture = picture.clip(0.0, 1.0)
    scale = np.float32(255.0 if picture.dtype == np.uint8 else 1.0)
    return picture, beyond, picture[..., 3] / scale if channels == 4 else np.ones((SIDE, SIDE), np.float32)


def test_every_result_on_every_kind_of_image_equals_the_cores(gimp: Run, kept: Path, models: ModelCache) -> None:
    printed = gimp(script="check_results.py")
    assert printed.count("check:") >= 12
    cases = json.loads((kept / "cases.json").read_text())
    assert len(cases) >= 24
    for name in cases:
        picture, beyond, opaque = _given(kept / f"{name}.picture", 4 if "alpha" in name else 3)
        expected = run("matte", {"image": torch.from_numpy(picture)[None]}, {}, models=models)
        alpha = expected["alpha"][0].numpy()
        if (kept / f"{name}.mask").exists():
            mask = _read(kept / f"{name}.mask", 1)[..., 0] / np.float32(255.0)
            whole = opaque == 1.0  # a mask of new colours is written only where there are any
            assert np.abs(mask - alpha)[whole].max() <= STEP, name
        for output in ("cutout", "foreground"):
            if not (kept / f"{name}.{output}").exists():
                continue
            found = _read(kept / f"{name}.{output}", 4 if output == "cutout" else 3)
            wanted = as_floats(expected[output][0]).numpy().copy()
            wanted[..., :3] += beyond
            if output == "cutout":
                wanted[..., 3] = alpha * opaque
            if "gray" in name:  # GIMP keeps one gray for the three colours
                found, wanted = found[..., 3:], wanted[..., 3:]
            # 8-bit linear light has no more than 12 levels below sRGB 40/255: there GIMP rounds, not we
            tolerance = 13.0 / 255 if "u8-linear" in name else STEP
            seen = (alpha > 0.5 / 255) & (opaque > 0)  # GIMP may drop the colour of what is invisible
            assert not found.size or np.abs(found[seen] - wanted[seen]).max() <= tolerance, (name, output)


def test_every_procedure_on_every_kind_of_image_equals_the_cores(gimp: Run, kept: Path, models: ModelCache) -> None:
    printed = gimp(script="check_every.py")
    cases = json.loads((kept / "every.json").read_text())
    assert printed.count("on every kind of image") == printed.count("outside the selection bit-identical") == len({case["operation"] for case in cases})
    for case in cases:
        _check(case, kept, models)


def test_a_portrait_lies_over_its_photo_and_equals_the_cores(gimp: Run, kept: Path, models: ModelCache) -> None:
    assert gimp("--env", f"CHECK_PHOTO={HEAD}", script="check_portrait.py").count("check:") == 3
    photo = np.fromfile(kept / "portrait.layer", np.uint8).reshape(1, HEAD_SIDE, HEAD_SIDE, 3)  # programs read a JPEG each in its own way
    expected = run("portrait", {"image": torch.from_numpy(photo)}, {"face": "largest"}, models=models)
    lines = expected["lines"][0].numpy()
    assert 0.02 < lines.mean() < 0.5
    for name in ("ink", "drawing", "composite"):
        found = np.fromfile(kept / f"portrait.{name}", np.uint8).reshape(*lines.shape, 4).astype(np.float32)
        wanted = np.full_like(found, 255)
        wanted[..., : expected[name].shape[-1]] = expected[name][0].numpy()
        seen = wanted[..., 3] > 1
        assert np.abs(found[..., 3] - wanted[..., 3]).max() <= 1, name
        assert np.abs(found[seen] - wanted[seen]).max() <= 1, name
    channel = np.fromfile(kept / "portrait.lines", np.uint8).reshape(-1, lines.shape[1])
    assert np.abs(channel - lines[HEAD_TOP:] * 255).max() <= 1.01


def _check(case: dict[str, Any], kept: Path, models: ModelCache) -> None:
    name, result, kinds = case["name"], case["result"], case["outputs"]
    picture, beyond, opaque = _given(kept / f"{name}.layer", 4 if case["alpha"] else 3)
    pictures = {"layer": picture}
    if (kept / f"{name}.mask").exists():
        mask = _read(kept / f"{name}.mask", 1)[..., 0]
        pictures["mask"] = mask / np.float32(255.0 if mask.dtype == np.uint8 else 65535.0)
    expected = run(case["operation"], {one: torch.from_numpy(pictures[source])[None] for one, source in case["inputs"].items()}, {}, models=models)
    if result != "new-layer":
        found = _read(kept / f"{name}.made", 1)[..., 0]
        wanted = expected[next(one for one in kinds if kinds[one] == ("trimap" if result == "trimap" else "alpha"))][0].numpy()
        part = ON_CANVAS if result in ("trimap", "channel", "selection") else ...
        assert np.abs(found - wanted)[part].max() <= STEP, name
        return
    found = _read(kept / f"{name}.made", 4)
    output = next(one for kind in ("cutout", "image") for one in kinds if kinds[one] == kind)
    colours = as_floats(expected[output][0]).numpy().copy()
    wanted = np.ones_like(found)
    wanted[..., : colours.shape[2]] = colours
    if not next(one for one in operation(case["operation"]).outputs if one.name == output).own_colours:
        wanted[..., :3] += beyond
    wanted[..., 3] *= opaque
    if case["gray"]:  # GIMP keeps one gray for the three colours
        found, wanted = found[..., 3:], wanted[..., 3:]
    assert np.abs(found[..., -1] - wanted[..., -1]).max() <= STEP, name
    seen = wanted[..., -1] > 1.5 / 255
    assert np.abs(found[seen] - wanted[seen]).max() <= STEP, name
