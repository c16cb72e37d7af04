"""What is written is what is read, by us and by others, to the last bit."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import Metadata, read_picture, write_picture

from .making import encoded, matrix_profile, noise, orientation_exif, png, png_chunk, tiff


def _stored(pixels: np.ndarray, depth: int) -> np.ndarray:
    return pixels if depth == 8 else np.rint(pixels * 65535).astype(np.uint16)


@pytest.mark.parametrize("channels", [0, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("size", [(37, 41), (1, 1), (700, 1200)])
def test_lossless_files_keep_every_bit(tmp_path: Path, suffix: str, depth: Literal[8, 16], channels: int, size: tuple[int, int]) -> None:
    pixels = noise(*size, channels, dtype=np.uint8 if depth == 8 else np.uint16)
    write_picture(tmp_path / f"a{suffix}", pixels, depth=depth)
    picture = read_picture(tmp_path / f"a{suffix}")
    expected = pixels if channels else np.repeat(pixels[..., None], 3, 2)
    np.testing.assert_array_equal(_stored(picture.pixels, depth), expected)
    assert (picture.depth, picture.width, picture.height, picture.has_alpha) == (depth, size[1], size[0], channels == 4)
    assert picture.pixels.dtype == (np.uint8 if depth == 8 else np.float32)
    assert picture.own is picture.pixels


@pytest.mark.parametrize("channels", [0, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_other_programs_read_the_same(tmp_path: Path, suffix: str, depth: Literal[8, 16], channels: int) -> None:
    pixels = noise(300, 500, channels, dtype=np.uint8 if depth == 8 else np.uint16)
    path = tmp_path / f"a{suffix}"
    write_picture(path, pixels, depth=depth)
    if (suffix, depth, channels) != (".tif", 8, 4):  # OpenCV multiplies these by their alpha
        theirs = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert theirs is not None
        np.testing.assert_array_equal(theirs[..., [2, 1, 0, 3][:channels]] if channels else theirs, pixels)
    with Image.open(path) as image:
        if depth == 8:
            assert image.mode == {0: "L", 3: "RGB", 4: "RGBA"}[channels]
            np.testing.assert_array_equal(np.asarray(image), pixels)
    if suffix == ".tif":
        tifffile = pytest.importorskip("tifffile")
        with tifffile.TiffFile(path) as file:
            assert [int(one) for one in file.pages[0].extrasamples] == ([2] if channels == 4 else [])  # 2: straight alpha


def test_every_16_bit_value_survives_as_float(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    write_picture(tmp_path / "a.png", values, depth=16)
    floats = read_picture(tmp_path / "a.png").pixels
    assert floats.min() == 0
    assert floats.max() == 1
    write_picture(tmp_path / "b.png", floats, depth=16)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_UNCHANGED)[..., 0], values)  # pyright: ignore[reportOptionalSubscript]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha_is_straight(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:] = (200, 100, 50, 128)
    pixels[:, 16:, 3] = 0
    write_picture(tmp_path / f"a{suffix}", pixels)
    picture = read_picture(tmp_path / f"a{suffix}").pixels
    np.testing.assert_array_equal(picture[..., 3], pixels[..., 3])
    assert np.abs(picture[..., :3].astype(int) - (200, 100, 50)).max() <= (4 if suffix == ".webp" else 0)


def _needs_its_library(suffix: str) -> None:
    if suffix == ".avif":
        pytest.importorskip("PIL.AvifImagePlugin", reason="AVIF needs Pillow 11.3")
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".avif", ".heic"])
def test_other_formats_are_close(tmp_path: Path, suffix: str) -> None:
    _needs_its_library(suffix)
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    pixels = np.stack([np.tile(ramp, (48, 1)), np.tile(ramp[::-1], (48, 1)), np.full((48, 64), 90, np.uint8)], axis=2)
    write_picture(tmp_path / f"a{suffix}", pixels)
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.format == {".jpg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".avif": "AVIF", ".heic": "HEIF"}[suffix]
    assert np.abs(picture.pixels.astype(int) - pixels).mean() <= (0 if suffix == ".bmp" else 1.5)


@pytest.mark.parametrize("suffix", [".avif", ".heic"])
def test_modern_formats_keep_alpha_profile_and_orientation(tmp_path: Path, suffix: str) -> None:
    _needs_its_library(suffix)
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[:] = (200, 100, 50, 255)
    pixels[:, 32:, 3] = 0
    metadata = Metadata(icc=matrix_profile(), exif=orientation_exif(1))
    write_picture(tmp_path / f"a{suffix}", pixels, metadata=metadata)
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.metadata.icc == metadata.icc
    assert np.abs(picture.own[:, :24].astype(int) - pixels[:, :24]).max() <= 6
    assert picture.own[:, 40:, 3].max() <= 2
    if suffix == ".avif":  # turned by its own boxes, which Pillow hands on as EXIF
        image = Image.fromarray(pixels[..., :3])
        image.save(tmp_path / "turned.avif", exif=b"Exif\0\0" + orientation_exif(6))
        assert read_picture(tmp_path / "turned.avif").pixels.shape == (64, 48, 3)


@pytest.mark.parametrize(("start", "package"), [(b"\0\0\0\x18ftypheic", "pillow-heif"), (b"\0\0\0\x18ftypavif", "pillow>=11.3")])
def test_a_missing_library_is_named(start: bytes, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pillow_heif", "PIL.AvifImagePlugin"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadInput, match=f"need a library that is not installed. Get it with: pip install '{package}'"):
        read_picture(io.BytesIO(start + bytes(100)))
    with pytest.raises(BadInput, match="need a library"):
        write_picture(io.BytesIO(), noise(), stream_name="a.heic" if "heif" in package else "a.avif")


def test_a_gray_mask_is_exact_in_webp(tmp_path: Path) -> None:
    mask = noise(40, 50, 0)
    write_picture(tmp_path / "a.webp", mask)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.webp").pixels[..., 1], mask)


def test_depths_convert_into_each_other(tmp_path: Path) -> None:
    eight = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_picture(tmp_path / "a.png", eight, depth=16)
    assert cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED).ravel()[[0, 1, 255]].tolist() == [0, 257, 65535]  # pyright: ignore[reportOptionalMemberAccess]
    write_picture(tmp_path / "b.png", eight.astype(np.uint16) * 257, depth=8)
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png").pixels[..., 0], eight)
    write_picture(tmp_path / "c.bmp", eight.astype(np.uint16) * 257, depth=16)  # BMP has no 16 bits
    np.testing.assert_array_equal(read_picture(tmp_path / "c.bmp").pixels[..., 0], eight)
    write_picture(tmp_path / "d.png", np.array([[-1.0, 0.5, 0.4981, 2.0]], np.float32))
    assert read_picture(tmp_path / "d.png").pixels[0, :, 0].tolist() == [0, 128, 127, 255]


def test_streams_take_and_give_what_files_do() -> None:
    pixels = noise(channels=4)
    stream = io.BytesIO()
    write_picture(stream, pixels, stream_name="x.tif")
    stream.seek(0)
    picture = read_picture(stream, name="standard input")
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert (picture.format, picture.name) == ("TIFF", "standard input")


def test_jpeg_values_are_pillows() -> None:
    pixels = cv2.GaussianBlur(noise(301, 203), (0, 0), 3)
    for options in ({"quality": 90}, {"quality": 75, "progressive": True}, {"quality": 95, "subsampling": 0}):
        data = encoded(pixels, "JPEG", **options)
        theirs = np.asarray(Image.open(io.BytesIO(data)))
        np.testing.assert_array_equal(read_picture(io.BytesIO(data)).pixels, theirs)
    gray = encoded(pixels[..., 0], "JPEG")
    np.testing.assert_array_equal(read_picture(io.BytesIO(gray)).pixels[..., 2], np.asarray(Image.open(io.BytesIO(gray))))


@given(
    height=st.integers(1, 70), width=st.integers(1, 70), channels=st.sampled_from([0, 3, 4]), depth=st.sampled_from([8, 16]),
    suffix=st.sampled_from([".png", ".tif"]), seed=st.integers(0, 99), icc=st.booleans(), dpi=st.one_of(st.none(), st.floats(1, 5000)),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_picture_comes_back(height: int, width: int, channels: int, depth: Literal[8, 16], suffix: str, seed: int, icc: bool, dpi: float | None) -> None:
    pixels = noise(height, width, channels, dtype=np.uint8 if depth == 8 else np.uint16, seed=seed)
    metadata = Metadata(icc=matrix_profile() if icc else None, dpi=(dpi, dpi) if dpi else None)
    stream = io.BytesIO()
    write_picture(stream, pixels, metadata=metadata, depth=depth, stream_name=f"a{suffix}")
    stream.seek(0)
    picture = read_picture(stream)
    np.testing.assert_array_equal(_stored(picture.own, depth), pixels if channels else np.repeat(pixels[..., None], 3, 2))
    assert (picture.own is picture.pixels) == (not icc or not channels)


def test_many_at_once_are_as_one_after_the_other() -> None:
    files = [encoded(noise(seed=1), "PNG"), encoded(noise(seed=2), "TIFF"), png(noise(seed=3, dtype=np.uint16)), encoded(noise(seed=4), "JPEG")] * 10
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda data: read_picture(io.BytesIO(data)).pixels, files))
    for data, pixels in zip(files, at_once, strict=True):
        np.testing.assert_array_equal(pixels, read_picture(io.BytesIO(data)).pixels)


def test_a_picture_as_a_mask() -> None:
    gray = noise(channels=0)
    assert read_picture(io.BytesIO(encoded(gray, "PNG"))).as_alpha().tolist() == gray.tolist()
    rgba = noise(channels=4)
    assert read_picture(io.BytesIO(encoded(rgba, "PNG"))).as_alpha().tolist() == rgba[..., 3].tolist()
    opaque = np.dstack([gray, gray, gray, np.full_like(gray, 255)])  # what GIMP exports from a mask made visible
    assert read_picture(io.BytesIO(encoded(opaque, "PNG"))).as_alpha().tolist() == gray.tolist()
    deep = noise(channels=0, dtype=np.uint16)
    np.testing.assert_array_equal(np.rint(read_picture(io.BytesIO(png(deep))).as_alpha() * 65535), deep)


class TestKindsOfPixels:
    """Each kind as its own definition says, not as a library happens to read it."""

    def test_palette_with_and_without_transparency(self) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 200, 100, 50])
        image.putdata([0, 1])
        assert read_picture(io.BytesIO(encoded(image, "PNG"))).pixels.tolist() == [[[10, 20, 30], [200, 100, 50]]]
        picture = read_picture(io.BytesIO(encoded(image, "PNG", transparency=1)))
        assert picture.pixels.tolist() == [[[10, 20, 30, 255], [200, 100, 50, 0]]]

    def test_gray_with_alpha(self) -> None:
        for dtype, depth in ((np.uint8, 8), (np.uint16, 16)):
            pixels = noise(channels=2, dtype=dtype)
            picture = read_picture(io.BytesIO(png(pixels)))
            np.testing.assert_array_equal(_stored(picture.pixels, depth), pixels[..., [0, 0, 0, 1]])

    def test_one_bit(self) -> None:
        image = Image.new("1", (2, 1))
        image.putpixel((1, 0), 1)
        for kind in ("PNG", "TIFF", "BMP", "PPM"):
            assert read_picture(io.BytesIO(encoded(image, kind))).pixels.tolist() == [[[0, 0, 0], [255, 255, 255]]]

    def test_cmyk_jpeg_without_profile(self) -> None:
        ink = np.zeros((16, 16, 4), np.uint8)
        ink[..., 3] = 51
        picture = read_picture(io.BytesIO(encoded(Image.frombytes("CMYK", (16, 16), ink.tobytes()), "JPEG", quality=100)))
        assert np.abs(picture.pixels.astype(int) - 204).max() <= 2

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_a_transparent_colour(self, dtype: type) -> None:
        rgb = noise(9, 11, 3, dtype=dtype)
        key = png_chunk(b"tRNS", rgb[3, 4].astype(">u2").tobytes())
        picture = read_picture(io.BytesIO(png(rgb, key)))
        assert picture.pixels[3, 4, 3] == 0
        assert np.count_nonzero(picture.pixels[..., 3] == 0) == 1
        gray = np.arange(256, dtype=dtype).reshape(16, 16)
        picture = read_picture(io.BytesIO(png(gray, png_chunk(b"tRNS", b"\0\x07"))))
        assert np.argwhere(picture.pixels[..., 3] == 0).tolist() == [[0, 7]]

    def test_16_bit_gray(self) -> None:
        gray = noise(channels=0, dtype=np.uint16)
        for data in (png(gray), tiff(gray, photometric="minisblack"), tiff(gray, photometric="minisblack", byteorder=">"), encoded(gray, "TIFF")):
            np.testing.assert_array_equal(_stored(read_picture(io.BytesIO(data)).pixels, 16)[..., 1], gray)
        white_is_zero = read_picture(io.BytesIO(tiff(gray, photometric="miniswhite")))
        np.testing.assert_array_equal(_stored(white_is_zero.pixels, 16)[..., 0], 65535 - gray)

    @pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"tile": (16, 16)}, {"bigtiff": True}, {"rowsperstrip": 5}])
    def test_16_bit_tiff_layouts(self, options: dict) -> None:
        rgb = noise(dtype=np.uint16)
        picture = read_picture(io.BytesIO(tiff(rgb, photometric="rgb", **options)))
        np.testing.assert_array_equal(_stored(picture.pixels, 16), rgb)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_premultiplied_tiff_becomes_straight(self, dtype: type) -> None:
        top = int(np.iinfo(dtype).max)
        stored = np.zeros((2, 2, 4), dtype)
        stored[0, 0] = (top // 4, top // 8, 0, top // 2)
        picture = read_picture(io.BytesIO(tiff(stored, photometric="rgb", extrasamples=["assocalpha"])))
        rgba = picture.pixels[0, 0] / (255 if dtype == np.uint8 else 1)
        np.testing.assert_allclose(rgba, (0.5, 0.25, 0, 0.5), atol=0.01)
        assert picture.pixels[1, 1].tolist() == [0, 0, 0, 0]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_float_tiff(self, dtype: type) -> None:
        for channels in (1, 3, 4):
            values = np.random.default_rng(0).random((9, 8, channels)).astype(dtype)
            options = {"photometric": "rgb"} if channels > 1 else {"photometric": "minisblack"}
            extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
            picture = read_picture(io.BytesIO(tiff(values if channels > 1 else values[..., 0], **options, **extra)))
            assert picture.depth == 16
            assert picture.pixels.dtype == np.float32
            np.testing.assert_array_equal(picture.pixels, (np.repeat(values, 3, 2) if channels == 1 else values).astype(np.float32))

    def test_highlights_of_a_float_tiff_are_clipped(self) -> None:
        values = np.array([[[-0.01, 0.5, 1.75]]], np.float32)
        assert read_picture(io.BytesIO(tiff(values, photometric="rgb"))).pixels.tolist() == [[[0, 0.5, 1]]]


def test_half_floats_reach_sixteen_bits(tmp_path: Path) -> None:
    write_picture(tmp_path / "ramp.png", np.linspace(0, 1, 9, dtype=np.float16)[None], depth=16)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "ramp.png")).ravel(), np.rint(np.linspace(0, 1, 9, dtype=np.float32) * 65535))
