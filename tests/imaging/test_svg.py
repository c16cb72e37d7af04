"""Vector drawings: valid, of the picture's size, and with the ink of the picture they were traced from."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.imaging.svg import svg_of_ink

SVG = "{http://www.w3.org/2000/svg}"


def _rasterised(svg: str) -> NDArray[np.float32]:
    """The drawing on white as ink, [H, W]."""
    resvg = pytest.importorskip("resvg_py")
    with Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=svg, background="white")))) as picture:
        return (1 - np.asarray(picture.convert("L"), np.float32) / 255).astype(np.float32)


@pytest.fixture(scope="module")
def ink() -> torch.Tensor:
    """Strokes, a ring, grays and a soft wash on 200 × 300."""
    pytest.importorskip("vtracer")
    rows, columns = torch.arange(200.0)[:, None], torch.arange(300.0)[None]
    ring = (3 - ((rows - 80) ** 2 + (columns - 90) ** 2).sqrt().sub(50).abs()).clamp(0, 1)
    strokes = (0.5 + 2 * torch.sin(columns / 3 + rows / 40)).clamp(0, 1) * (columns > 170)
    wash = ((rows - 130) / 70).clamp(0, 1) * (columns < 60) * 0.7
    return torch.maximum(torch.maximum(ring, strokes), wash)


def test_it_is_xml_of_the_pictures_size_that_says_what_it_is(ink: torch.Tensor) -> None:
    svg = svg_of_ink(ink, "#203040", "Ada & <Bob>\x00")
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("300", "200", "0 0 300 200")
    assert root.findtext(f"{SVG}title") == "Ada & <Bob>"
    shapes = root.find(f"{SVG}g")
    assert shapes is not None
    assert shapes.get("fill") == "#203040"
    assert len(shapes) == svg.count("<path") >= 8
    assert {name for shape in shapes for name in shape.keys()} == {"d", "transform"}  # noqa: SIM118
    assert all(re.fullmatch(r"[MCZ0-9 ,.-]+", shape.get("d") or "") for shape in shapes)


def test_rasterised_it_holds_the_same_ink(ink: torch.Tensor) -> None:
    found = _rasterised(svg_of_ink(ink))
    assert found.shape == (200, 300)
    assert found.sum() == pytest.approx(float(ink.sum()), rel=0.02)
    crisp = (ink < 0.02) | (ink > 0.98)
    assert np.abs(found - ink.numpy())[crisp.numpy()].mean() < 0.04


def test_an_array_gives_the_same_file(ink: torch.Tensor) -> None:
    assert svg_of_ink(ink.numpy(), "#203040", "Ada") == svg_of_ink(ink, "#203040", "Ada")


def test_holes_stay_open(ink: torch.Tensor) -> None:
    assert _rasterised(svg_of_ink(ink))[60:100, 70:110].max() < 0.02


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (90, 64)])
def test_blank_and_full(level: float, size: tuple[int, int]) -> None:
    pytest.importorskip("vtracer")
    found = _rasterised(svg_of_ink(torch.full(size, level)))
    assert found.shape == size
    assert np.abs(found - level).max() < 0.02


def test_without_vtracer_it_says_how_to_get_it(ink: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vtracer", None)
    with pytest.raises(BadInput, match=r"pip install 'u2studio\[svg\]'"):
        svg_of_ink(ink)


@pytest.mark.skipif(not os.environ.get("U2STUDIO_DATA"), reason="U2STUDIO_DATA is not set: no portrait_pairs")
@pytest.mark.parametrize("name", ["man4_crop", "kid1_full", "img_1588"])
def test_drawings_of_the_authors_keep_their_ink(name: str, ink: torch.Tensor) -> None:
    drawing = read_picture(Path(os.environ["U2STUDIO_DATA"]) / "portrait_pairs" / f"{name}_drawing.png").as_alpha()
    drawn = 1 - torch.from_numpy(drawing).float() / 255
    assert _rasterised(svg_of_ink(drawn)).sum() == pytest.approx(float(drawn.sum()), rel=0.02)
