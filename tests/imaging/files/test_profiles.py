"""Wide-gamut photos: the network sees sRGB, the result has the photo's own colours."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from u2studio.shared_core.imaging.files import from_srgb, in_srgb, read_picture, write_picture

from .making import ADOBE_RGB, P3, encoded, gamma_curve, gray_profile, matrix_profile, noise, png, png_chunk, table_profile, tiff

PROFILES = {
    "Display P3": matrix_profile(P3),
    "Adobe RGB": matrix_profile(ADOBE_RGB, gamma_curve(563 / 256)),
    "P3, linear": matrix_profile(P3, gamma_curve(1)),
}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _colour(*rgb: int) -> np.ndarray:
    return np.array([[rgb]], np.uint8)


def test_known_colours_of_display_p3() -> None:
    """sRGB's primaries in Display P3, as the CSS Color 4 sample code gives them, and neutrals, which do not move."""
    p3 = PROFILES["Display P3"]
    for srgb, own in {(255, 0, 0): (234, 51, 35), (0, 255, 0): (117, 251, 76), (0, 0, 255): (0, 0, 245)}.items():
        assert np.abs(from_srgb(_colour(*srgb), p3).astype(int) - own).max() <= 1
        back = in_srgb(_colour(*own), p3)[0, 0].astype(int)
        assert back[np.argmax(srgb)] >= 253
        assert np.delete(back, np.argmax(srgb)).max() <= 18
    for shade in (0, 1, 64, 128, 200, 255):
        assert np.abs(in_srgb(_colour(shade, shade, shade), p3).astype(int) - shade).max() <= 1
    assert in_srgb(_colour(255, 0, 0), p3).tolist() == [[[255, 0, 0]]]  # outside sRGB: clipped


@pytest.mark.parametrize("name", PROFILES)
def test_agrees_with_little_cms(name: str) -> None:
    pixels = noise(64, 64)
    own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(PROFILES[name])), ImageCms.createProfile("sRGB")
    for ours, ends in ((in_srgb(pixels, PROFILES[name]), (own, srgb)), (from_srgb(pixels, PROFILES[name]), (srgb, own))):
        theirs = np.asarray(ImageCms.profileToProfile(Image.fromarray(pixels), *ends, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC))
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.max() <= 2
        assert difference.mean() < 0.1


@pytest.mark.parametrize("name", PROFILES)
def test_floats_agree_with_bytes_and_come_back(name: str) -> None:
    icc = PROFILES[name]
    pixels = noise(40, 40, 4)
    floats = pixels.astype(np.float32) / 255
    converted = in_srgb(floats, icc)
    assert converted.dtype == np.float32
    assert converted.min() >= 0
    assert converted.max() <= 1
    assert np.abs(converted * 255 - in_srgb(pixels, icc)).max() <= 0.53  # half a level, and the step of the table of shades where it is steepest
    np.testing.assert_array_equal(converted[..., 3], floats[..., 3])
    inside = from_srgb(floats, icc)  # these profiles hold all of sRGB
    np.testing.assert_allclose(in_srgb(inside, icc)[..., :3], floats[..., :3], atol=2e-3 if name == "P3, linear" else 2e-4)


def test_a_result_keeps_the_photos_own_colours(tmp_path: Path) -> None:
    """A photo's saturated red survives the whole way although sRGB, which the network saw, cannot hold it."""
    photo = noise(20, 30)
    photo[:5] = (255, 0, 0)
    for name, data in {
        "PNG": encoded(photo, "PNG", icc_profile=PROFILES["Display P3"]),
        "TIFF": encoded(photo, "TIFF", icc_profile=PROFILES["Display P3"]),
        "PNG 16": encoded_16(photo, PROFILES["Display P3"]),
        "WEBP": encoded(photo, "WEBP", lossless=True, icc_profile=PROFILES["Display P3"]),
    }.items():
        picture = read_picture(io.BytesIO(data))
        scale = 255 if picture.depth == 16 else 1
        np.testing.assert_array_equal(np.rint(picture.own * scale), photo, err_msg=name)
        assert np.abs(picture.pixels - picture.own).max() * scale > 5, name
        assert np.abs(picture.pixels * scale - in_srgb(photo, PROFILES["Display P3"])).max() <= 1, name
        for suffix in (".png", ".tif"):
            target = tmp_path / f"{name}{suffix}"
            write_picture(target, picture.own, metadata=picture.metadata, depth=picture.depth)
            again = read_picture(target)
            np.testing.assert_array_equal(again.own, picture.own)
            assert again.metadata.icc == PROFILES["Display P3"]
            with Image.open(target) as image:
                assert image.info["icc_profile"] == PROFILES["Display P3"]


def encoded_16(photo: np.ndarray, icc: bytes) -> bytes:
    return png(photo.astype(np.uint16) * 257, png_chunk(b"iCCP", b"x\0\0" + zlib.compress(icc)))


@pytest.mark.parametrize("icc", [SRGB, matrix_profile(((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)))])
def test_srgb_is_recognised_whatever_it_is_called(icc: bytes) -> None:
    picture = read_picture(io.BytesIO(encoded(noise(), "PNG", icc_profile=icc)))
    assert picture.own is picture.pixels
    assert picture.metadata.icc == icc


def test_gray_profiles() -> None:
    """Linear gray 55 / 255 is shade 128 of sRGB. A result is RGB, so no gray profile is kept."""
    gray = np.full((4, 4), 55, np.uint8)
    icc = gray_profile(1.0)
    deep = gray.astype(np.uint16) * 257
    for data in (
        encoded(gray, "PNG", icc_profile=icc),
        encoded(gray, "JPEG", quality=100, icc_profile=icc),
        png(deep, png_chunk(b"iCCP", b"x\0\0" + zlib.compress(icc))),
        tiff(deep, photometric="minisblack", extratags=[(34675, 7, len(icc), icc, True)]),
    ):
        picture = read_picture(io.BytesIO(data))
        np.testing.assert_array_equal(np.rint(picture.pixels * (255 if picture.depth == 16 else 1)), np.full((4, 4, 3), 128))
        assert picture.own is picture.pixels
        assert picture.metadata.icc is None


def test_profiles_of_tables_go_through_little_cms() -> None:
    corners = np.array([[0, 128, 128], [50, 128, 128], [100, 128, 128], [150, 128, 128]] * 2)  # gray of (2 green + blue) / 5, red ignored
    icc = table_profile(b"RGB ", corners)
    photo = _colour(200, 0, 0) + np.zeros((3, 3, 1), np.uint8)
    picture = read_picture(io.BytesIO(encoded(photo, "PNG", icc_profile=icc)))
    assert picture.pixels.max() <= 1
    assert picture.own.tolist() == photo.tolist()
    assert picture.metadata.icc == icc
    floats = in_srgb(photo.astype(np.float32) / 255, icc)
    assert floats.dtype == np.float32
    assert floats.max() <= 1 / 255


def test_cmyk_goes_through_its_profile() -> None:
    corners = np.full((16, 3), 128)
    corners[:, 0] = np.where(np.arange(16) % 2, 0, 255)  # paper white, black where the last ink prints; the other inks do nothing
    icc = table_profile(b"CMYK", corners)
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[..., :3] = 255
    picture = read_picture(io.BytesIO(encoded(Image.frombytes("CMYK", (8, 8), ink.tobytes()), "TIFF", icc_profile=icc)))
    assert picture.pixels.min() >= 253  # without the profile it would be black
    assert picture.metadata.icc is None


@pytest.mark.parametrize(
    "icc",
    [b"", b"x" * 40, b"garbage" * 100, PROFILES["Display P3"][:200], PROFILES["Display P3"][:36] + b"nope" + PROFILES["Display P3"][40:], gray_profile(2.2)],
    ids=["empty", "short", "garbage", "cut", "unsigned", "of another kind"],
)
def test_useless_profiles_are_ignored_and_not_kept(icc: bytes) -> None:
    photo = noise()
    for data in (encoded(photo, "PNG", icc_profile=icc), encoded(photo, "TIFF", icc_profile=icc), encoded(photo, "WEBP", lossless=True, icc_profile=icc)):
        picture = read_picture(io.BytesIO(data))
        np.testing.assert_array_equal(picture.pixels, photo)
        assert picture.own is picture.pixels
        assert picture.metadata.icc is None


def test_a_gray_result_takes_no_colour_profile(tmp_path: Path) -> None:
    picture = read_picture(io.BytesIO(encoded(noise(), "PNG", icc_profile=PROFILES["Display P3"])))
    for suffix in (".png", ".tif", ".jpg", ".webp"):
        write_picture(tmp_path / f"mask{suffix}", noise(channels=0), metadata=picture.metadata)
        with Image.open(tmp_path / f"mask{suffix}") as image:
            assert "icc_profile" not in image.info


def test_16_bit_tiff_with_a_profile() -> None:
    photo = noise(dtype=np.uint16)
    icc = PROFILES["Adobe RGB"]
    picture = read_picture(io.BytesIO(tiff(photo, photometric="rgb", extratags=[(34675, 7, len(icc), icc, True)])))
    assert picture.metadata.icc == icc
    assert picture.own is not picture.pixels
    np.testing.assert_array_equal(np.rint(picture.own * 65535), photo)
