"""Ink as vector shapes, in an SVG file. Tracing is vtracer's (MIT), an extra that may not be installed."""

from __future__ import annotations

import re
from io import BytesIO
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..arrays import Array, as_array
from ..errors import BadInput
from .flow import gaussian

__all__ = ["svg_of_ink"]

Shape = tuple[str, str, str]
"""a path, and how far it is moved to the right and down"""

_FINEST, _LARGEST = 1536, 4096
"""longer side, in pixels, of what is traced: small drawings are enlarged to the first at least, none is traced larger than the second"""
_SPECK = 3
"""specks of fewer than this many pixels squared, as traced, are left out"""
_WISPS = 3.0
"""sigma, in 1/512 of the longer side: a gray line that fine is compared with what is around it, so that wisps of hair are drawn"""
_EXACT, _TRIES = 0.005, 3
"""share of the ink that the shapes may have more or less before they are traced again, and how often they are traced at most"""
_NUMBER = re.compile(r"-?[0-9.]+")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg_of_ink(ink: Array, colour: str = "#000000", title: str = "") -> str:
    """The ink as filled shapes with smooth outlines; what is not ink is transparent.

    Grays become shapes or paper, divided so that there is as much ink in all as before.

    Args:
        ink: 0..1, [H, W].
        colour: of the shapes, "#rrggbb".
        title: what a viewer shows as the drawing's name.
    Returns: an SVG 1.1 document whose width, height and user units are the ink's pixels.
    Raises: BadInput, when vtracer is not installed.
    """
    height, width = ink.shape
    large, scale = _enlarged(as_array(ink))
    shapes = _shapes(large) if large.max() > 0 else []
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{_text(title)}</title>" if title else "",
        f'<g fill="{colour}" transform="scale({width / scale[0]:.9g},{height / scale[1]:.9g})">',
        *(f'<path transform="translate({x},{y})" d="{path}"/>' for path, x, y in shapes),
        "</g>",
        "</svg>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _enlarged(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """The ink at the size it is traced at, and that size: width, height."""
    longer = max(ink.shape)
    target = min(_LARGEST, max(_FINEST, 2 * longer))
    size = max(1, round(ink.shape[1] * target / longer)), max(1, round(ink.shape[0] * target / longer))
    made = cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC if target > longer else cv2.INTER_AREA)
    return np.asarray(np.clip(made, 0, 1), np.float32), size


def _shapes(ink: NDArray[np.float32]) -> list[Shape]:
    """Shapes with about as much ink in all as the grays have."""
    shapes: list[Shape] = []
    sharp = np.clip(2 * ink - gaussian(ink, _WISPS * max(ink.shape) / 512), 0, 1)
    wanted = aimed_at = float(ink.sum(dtype=np.float64))
    for _ in range(_TRIES):
        shapes = _traced(sharp > _dividing(sharp, aimed_at))
        area = sum(_area(path) for path, _, _ in shapes)
        if abs(area - wanted) <= _EXACT * wanted:
            break
        aimed_at *= wanted / max(area, 0.5 * wanted)  # smooth outlines bulge
    return shapes


def _dividing(ink: NDArray[np.float32], wanted: float) -> float:
    """The gray above which there are as many pixels as wanted."""
    counts = np.bincount(np.minimum(ink * 1024, 1023).astype(np.uint16).ravel(), minlength=1024)
    above = np.cumsum(counts[::-1])[::-1]
    return (1 + int(np.argmin(np.abs(above[1:] - wanted)))) / 1024


def _area(path: str) -> float:
    """What an outline of cubic curves encloses, in square pixels; its holes run the other way around."""
    total = 0.0
    for loop in path.split("M")[1:]:
        points = np.array([float(number) for number in _NUMBER.findall(loop)]).reshape(-1, 2)
        curves = np.stack([points[start : len(points) - 3 + start : 3] for start in range(4)])
        (x0, x1, x2, x3), (y0, y1, y2, y3) = curves[..., 0], curves[..., 1]
        doubled = (y3 - y0) * (x1 + x2) - (x3 - x0) * (y1 + y2) + y1 * (x0 - x2) - x1 * (y0 - y2) + y3 * (x2 + x0 / 3) - x3 * (y2 + y0 / 3)
        total += float(doubled.sum()) * 3 / 20
    return total


def _traced(mask: NDArray[np.bool_]) -> list[Shape]:
    """Each shape of a mask: its path, and where it is moved to, right and down."""
    try:
        import vtracer
    except ImportError:
        raise BadInput("Vector drawings need vtracer. Get it with: pip install 'u2studio[svg]'") from None
    file = BytesIO()
    Image.fromarray(np.where(mask, 0, 255).astype(np.uint8)).convert("RGB").save(file, "BMP")
    svg = vtracer.convert_raw_image_to_svg(
        file.getvalue(), img_format="bmp", colormode="binary", mode="spline", filter_speckle=_SPECK, corner_threshold=60, length_threshold=3.5, path_precision=1
    )
    found = re.findall(r'<path d="([^"]*)" fill="#000000" transform="translate\(([^,]+),([^)]+)\)"/>', svg)
    if len(found) != svg.count("<path"):
        raise BadInput("This version of vtracer writes paths that are not understood. Get another one with: pip install 'vtracer==0.6.15'")
    return found


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text))
