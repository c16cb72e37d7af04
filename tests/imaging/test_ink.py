"""Ink: what finishing does to it, the papers, and how it lies on paper and over a photo."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from u2studio.shared_core.arrays import Array, as_array
from u2studio.shared_core.imaging.cutout import as_floats
from u2studio.shared_core.imaging.hatching import hatch
from u2studio.shared_core.imaging.ink import ink_layer, on_paper, set_black_and_white, set_line_weight, without_frame
from u2studio.shared_core.imaging.over_photo import drawing_over_blur, ink_over
from u2studio.shared_core.imaging.paper import paper


@pytest.fixture(scope="module")
def line() -> Tensor:
    """An upright line of 5 pixels with antialiased sides, on 64 × 48."""
    ink = torch.zeros(1, 64, 48)
    ink[:, :, 21:26] = 1
    ink[:, :, 20] = ink[:, :, 26] = 0.5
    return ink


@pytest.fixture(scope="module")
def grays() -> Tensor:
    return torch.rand((2, 40, 30), generator=torch.Generator().manual_seed(3))


def test_defaults_change_no_bit(grays: Tensor) -> None:
    image = torch.rand((2, 40, 30, 3), generator=torch.Generator().manual_seed(5))
    assert torch.equal(set_line_weight(grays, 0, 2.5), grays)
    assert torch.equal(set_black_and_white(grays, 0, 1), grays)
    assert torch.equal(hatch(grays, image, 0, "flow", 0), grays)


@pytest.mark.parametrize("weight", [-3.0, -1.5, -0.25, 0.25, 1.0, 2.5])
def test_line_weight_is_how_much_wider_a_line_becomes(line: Tensor, weight: float) -> None:
    width = set_line_weight(line, weight, 1).sum(2)
    assert torch.allclose(width, torch.full_like(width, 6 + weight), atol=1e-4)


def test_line_weight_counts_in_pixels_of_the_drawing(line: Tensor) -> None:
    assert torch.equal(set_line_weight(line, 0.5, 4), set_line_weight(line, 2, 1))


def test_black_and_white_point() -> None:
    drawing = torch.tensor([[[0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0]]])
    found = 1 - set_black_and_white(1 - drawing, 0.3, 0.7)
    assert torch.allclose(found, torch.tensor([[[0, 0, 0, 0.5, 1, 1, 1.0]]]), atol=1e-6)


@pytest.mark.parametrize(("black", "white"), [(0.5, 0.5), (0.8, 0.2), (1, 0)])
def test_points_that_cross_leave_only_ink_and_paper(black: float, white: float) -> None:
    found = set_black_and_white(torch.linspace(0, 1, 300)[None, None], black, white)
    assert ((found > 0) & (found < 1)).float().mean() < 0.01


def test_a_frame_is_erased_along_padding_and_nowhere_else() -> None:
    photo = torch.ones(1, 50, 40)
    photo[:, :10] = 0
    kept = without_frame(torch.ones(1, 50, 40), photo, 4)
    assert kept[:, :14].max() == 0
    assert (kept[:, 18:] == 1).all()
    assert (without_frame(torch.ones(1, 50, 40), torch.ones(1, 50, 40), 4) == 1).all()


@pytest.mark.parametrize("style", ["flow", "crossed"])
def test_hatching_shades_what_is_dark(style: str) -> None:
    image = torch.linspace(0, 1, 300).expand(200, 300)[None, ..., None].repeat(1, 1, 1, 3)
    ink = torch.zeros(1, 200, 300)
    weak, strong = hatch(ink, image, 0.5, style, 1)[0], hatch(ink, image, 1, style, 1)[0]
    assert strong[:, 220:].max() == 0
    shares = [float(part.mean()) for part in strong[:, :200].split(50, 1)]
    assert shares == sorted(shares, reverse=True)
    assert 0.4 < shares[0] < 0.95
    assert 0.2 < float(weak.sum() / strong.sum()) < 0.8
    bare, full = (strong[:, :100] < 0.1).float().mean(), (strong[:, :100] > 0.9).float().mean()
    assert bare > 0.05, "strokes, not a wash"
    assert full > 0.2, "strokes, not a wash"


def test_hatching_only_adds_and_repeats(grays: Tensor) -> None:
    image = torch.zeros(2, 40, 30, 3)
    image[:, :, 15:] = 1
    found = hatch(grays, image, 0.8, "crossed", 7)
    assert (found >= grays - 1e-6).all()
    assert torch.equal(found, hatch(grays, image, 0.8, "crossed", 7))
    assert not torch.equal(found, hatch(grays, image, 0.8, "crossed", 8))


def test_black_ink_on_white_paper_is_one_minus_ink(grays: Tensor) -> None:
    drawing = on_paper(grays, "#000000", paper(40, 30, "#ffffff", "none", 0))
    assert torch.equal(drawing, (1 - grays)[..., None].expand(2, 40, 30, 3))


def test_colours_of_ink_and_paper() -> None:
    ink = torch.tensor([[[0.0, 0.5, 1.0]]])
    drawing = on_paper(ink, "#ff0000", paper(1, 3, "#00ff80", "none", 0), torch.uint8)
    assert drawing.tolist() == [[[[0, 255, 128], [128, 128, 64], [255, 0, 0]]]]
    assert ink_layer(ink, "#0a141e", torch.uint8).tolist() == [[[[10, 20, 30, 0], [10, 20, 30, 128], [10, 20, 30, 255]]]]


@pytest.mark.parametrize("texture", ["grain", "laid"])
def test_textures_darken_a_little_and_repeat(texture: str) -> None:
    sheet = paper(300, 200, "#ffffff", texture, 4)
    assert sheet.min() >= 0.85
    assert sheet.max() == 1
    assert 0.01 < float(sheet.std()) < 0.06
    assert np.array_equal(sheet, paper(300, 200, "#ffffff", texture, 4))
    assert not np.array_equal(sheet, paper(300, 200, "#ffffff", texture, 5))


def test_texture_is_as_coarse_for_a_large_picture() -> None:
    small, large = paper(128, 128, "#ffffff", "grain", 2)[..., 0], paper(512, 512, "#ffffff", "grain", 2)[..., 0]
    shrunk = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.flatten(), shrunk.flatten())[0, 1] > 0.8


def test_the_official_formula(load_photo) -> None:
    transform, filters = pytest.importorskip("skimage.transform"), pytest.importorskip("skimage.filters")
    photo = load_photo("astronaut")[:, :300, :200]
    small = cv2.GaussianBlur(np.random.default_rng(0).random((64, 64), np.float32), (0, 0), 3)
    drawing = (small - small.min()) / np.ptp(small) * 0.8
    # u2net_portrait_composite.py, with each channel blurred by itself
    over = transform.resize(drawing * 255, (300, 200), order=2)
    over = over / over.max() * 255
    blurred = np.stack([filters.gaussian(photo[0, ..., channel].numpy(), sigma=20, preserve_range=True) for channel in range(3)], 2)
    official = blurred * 0.5 + over[..., None] * 0.5
    given = torch.from_numpy(drawing)[None, ..., None].repeat(1, 1, 1, 3)
    ours = drawing_over_blur(photo, given, 20, 0.5)[0].numpy().astype(float)
    assert np.abs(ours - official).mean() < 0.6
    assert np.abs(ours - official).max() < 4


def test_ink_lies_over_the_sharp_photo(load_photo) -> None:
    photo = load_photo("cat")[:, :100, :80]
    drawing = torch.full((1, 100, 80, 3), 255, dtype=torch.uint8)
    drawing[:, 20:60, 30:50] = 0
    found = ink_over(photo, drawing, "#ff0010")
    assert (found[0, 21:59, 31:49] == torch.tensor([255, 0, 16], dtype=torch.uint8)).all()
    outside = torch.ones(100, 80, dtype=torch.bool)
    outside[20:60, 30:50] = False
    assert torch.equal(found[0][outside], photo[0, ..., :3][outside])


def test_a_transparent_layer_is_its_ink(grays: Tensor) -> None:
    photo = torch.full((2, 40, 30, 3), 0.75)
    by_layer = ink_over(photo, ink_layer(grays, "#000000"), "#000000")
    by_drawing = ink_over(photo, on_paper(grays, "#000000", paper(40, 30, "#ffffff", "none", 0)), "#000000")
    assert torch.allclose(by_layer, by_drawing, atol=1e-6)


_PHOTO = torch.randint(0, 256, (2, 40, 30, 4), generator=torch.Generator().manual_seed(6), dtype=torch.uint8)
_PADDED = (torch.arange(30.0) > 4).float().expand(1, 40, 30)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ink, *_: set_line_weight(ink, 0, 1),
        lambda ink, *_: set_line_weight(ink, 1.5, 1),
        lambda ink, *_: set_black_and_white(ink, 0, 1),
        lambda ink, *_: set_black_and_white(ink, 0.2, 0.9),
        lambda ink, _, padded, __: without_frame(ink, padded, 3),
        lambda ink, photo, *_: hatch(ink, photo, 0.8, "flow", 3),
        lambda ink, *_: ink_layer(ink, "#203040"),
        lambda ink, *rest: ink_layer(ink, "#203040", rest[-1]),
        lambda ink, *_: on_paper(ink, "#203040", paper(40, 30, "#ffeedd", "none", 1)),
        lambda ink, *rest: on_paper(ink, "#203040", paper(40, 30, "#ffeedd", "laid", 1), rest[-1]),
        lambda ink, photo, *_: drawing_over_blur(photo, ink_layer(ink, "#203040"), 3, 0.5),
        lambda ink, photo, *_: drawing_over_blur(as_floats(photo), ink_layer(ink[:, ::2], "#203040"), 3, 0.5),
        lambda ink, photo, *_: ink_over(photo, photo, "#203040"),
        lambda ink, photo, *_: ink_over(as_floats(photo), ink_layer(ink[:, ::2], "#203040"), "#ff0000"),
    ],
)
def test_arrays_are_drawn_as_tensors_are(grays: Tensor, draw: Callable[..., Array]) -> None:
    given = grays, _PHOTO, _PADDED
    of_tensors = draw(*given, torch.uint8)
    arrays = [as_array(one).copy() for one in given]
    of_arrays = draw(*arrays, np.uint8)
    assert isinstance(of_tensors, Tensor)
    assert isinstance(of_arrays, np.ndarray)
    assert str(of_tensors.dtype).removeprefix("torch.") == str(of_arrays.dtype)
    np.testing.assert_array_equal(of_arrays, of_tensors.numpy())
    assert of_arrays.flags.writeable
    assert all(np.array_equal(one, before) for one, before in zip(arrays, given, strict=True))


def test_tensors_elsewhere_are_drawn_alike(grays: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done on devices, done here on tensors that are said to lie elsewhere."""

    def drawn() -> list[Tensor]:
        layer = ink_layer(grays, "#203040", torch.uint8)
        return [layer, on_paper(grays, "#203040", paper(40, 30, "#ffeedd", "grain", 1), torch.uint8), ink_over(_PHOTO, layer, "#203040")]

    expected = drawn()
    for module in ("cutout", "mixing"):
        monkeypatch.setattr(f"u2studio.shared_core.imaging.{module}.is_on_cpu", lambda one: isinstance(one, np.ndarray))
    for one, other in zip(drawn(), expected, strict=True):
        assert one.dtype == torch.uint8
        assert (one.int() - other.int()).abs().max() <= 1
