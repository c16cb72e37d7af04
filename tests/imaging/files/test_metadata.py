"""What a photo says of itself stays with its result; what is no longer true of it goes."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import PIL
import pytest
from PIL import Image

from u2studio.shared_core.imaging.files import Metadata, read_picture, read_provenance, write_picture

from .making import encoded, exif, noise, orientation_exif, png, png_chunk

ARTIST = "Zoë Müller\0".encode("latin-1")
MAKER_NOTE = bytes(range(200, 256)) * 3
THUMBNAIL = b"\xff\xd8" + b"the room behind the subject" * 20 + b"\xff\xd9"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" dc:creator="Zo\xc3\xab"/></x:xmpmeta>'
SUFFIXES = [".png", ".jpg", ".webp", ".tif"]
NOTE = {"operation": "matte", "parameters": {"refine": "guided", "edge_width": 12.0}, "models": {"u2netp": "ab" * 32}, "author": "Zoë 张"}


def _camera_exif() -> bytes:
    return exif(
        [
            (0x010F, 2, 6, b"Maker\0"),
            (0x0112, 3, 1, struct.pack(">H", 6)),
            (0x013B, 2, len(ARTIST), ARTIST),
            (0x927C, 7, len(MAKER_NOTE), MAKER_NOTE),
        ],
        THUMBNAIL,
    )


def _photo() -> bytes:
    xmp = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    return png(noise(24, 32), png_chunk(b"eXIf", _camera_exif()), png_chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1)), xmp)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_descriptions_are_kept(suffix: str, tmp_path: Path) -> None:
    picture = read_picture(io.BytesIO(_photo()))
    assert (picture.height, picture.width) == (32, 24)
    write_picture(tmp_path / f"a{suffix}", picture.own, metadata=picture.metadata)
    with Image.open(tmp_path / f"a{suffix}") as image:
        found = image.getexif()
        assert (found[0x010F], found[0x013B], found.get(0x0112, 1)) == ("Maker", "Zoë Müller", 1)
        assert (image.width, image.height) == (24, 32)
    again = read_picture(tmp_path / f"a{suffix}")
    assert (again.height, again.width) == (32, 24)  # not turned twice
    if suffix != ".webp":
        assert again.metadata.dpi == pytest.approx((300, 300), abs=0.1)
    if suffix == ".jpg" and int(PIL.__version__.split(".")[0]) < 11:
        return  # older ones do not write XMP
    assert again.metadata.xmp is not None
    assert b'tiff:Orientation="1"' in again.metadata.xmp
    assert "Zoë".encode() in again.metadata.xmp


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_maker_notes_stay_where_their_offsets_point(suffix: str, tmp_path: Path) -> None:
    picture = read_picture(io.BytesIO(_photo()))
    write_picture(tmp_path / f"a{suffix}", picture.own, metadata=picture.metadata)
    kept = read_picture(tmp_path / f"a{suffix}").metadata.exif
    assert kept is not None
    assert kept.index(MAKER_NOTE) == _camera_exif().index(MAKER_NOTE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_thumbnail_goes_because_it_shows_the_background(suffix: str, tmp_path: Path) -> None:
    assert THUMBNAIL in _photo()
    picture = read_picture(io.BytesIO(_photo()))
    write_picture(tmp_path / f"a{suffix}", picture.own, metadata=picture.metadata)
    assert b"behind the subject" not in (tmp_path / f"a{suffix}").read_bytes()


def test_a_place_survives_from_tiff_to_tiff(tmp_path: Path) -> None:
    """GPS and camera settings lie in directories of their own, which must be moved whole."""
    with Image.new("RGB", (8, 8)) as image:
        tags = image.getexif()
        tags[0x010F] = "Maker"
        tags[0x8825] = {1: "N", 2: (52.0, 31.0, 12.5)}
        tags[0x8769] = {0x9003: "2026:05:04 03:02:01"}
        image.save(tmp_path / "a.tif", exif=tags.tobytes())
    picture = read_picture(tmp_path / "a.tif")
    for name in ("b.tif", "b.png", "b.jpg"):
        write_picture(tmp_path / name, picture.own, metadata=picture.metadata)
        with Image.open(tmp_path / name) as image:
            assert image.getexif()[0x010F] == "Maker"
            assert [float(part) for part in image.getexif().get_ifd(0x8825)[2]] == [52.0, 31.0, 12.5]
            assert image.getexif().get_ifd(0x8769)[0x9003] == "2026:05:04 03:02:01"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_metadata_nothing_is_said(suffix: str, tmp_path: Path) -> None:
    write_picture(tmp_path / f"a{suffix}", noise())
    assert read_picture(tmp_path / f"a{suffix}").metadata == Metadata()


def test_a_png_without_profile_says_srgb(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", noise())
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["srgb"] == 0


@pytest.mark.parametrize("dpi", [(0, 0), (1, 1), (float("inf"), 72), ("x", "y"), 300, None])
def test_senseless_resolutions_are_dropped(dpi: object, tmp_path: Path) -> None:
    from u2studio.shared_core.imaging.files.metadata import sane_dpi

    sane = sane_dpi(dpi)
    assert sane in (None, (1, 1))
    write_picture(tmp_path / "a.jpg", noise(), metadata=Metadata(dpi=sane))


class TestProvenance:
    def test_png_carries_it(self, tmp_path: Path) -> None:
        write_picture(tmp_path / "a.png", noise(), provenance=NOTE)
        assert read_provenance(tmp_path / "a.png") == NOTE
        with Image.open(tmp_path / "a.png") as image:
            assert '"operation": "matte"' in image.info["u2studio"]
        assert [path.name for path in tmp_path.iterdir()] == ["a.png"]

    @pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif", ".bmp"])
    def test_others_have_it_beside_them(self, suffix: str, tmp_path: Path) -> None:
        write_picture(tmp_path / f"a{suffix}", noise(), provenance=NOTE)
        assert read_provenance(tmp_path / f"a{suffix}") == NOTE
        assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"a{suffix}.json"]

    def test_files_that_do_not_say(self, tmp_path: Path) -> None:
        write_picture(tmp_path / "a.png", noise())
        (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:-20])
        (tmp_path / "b.jpg.json").write_text("{broken")
        (tmp_path / "c.png").write_bytes(encoded(noise(), "PNG"))
        for name in ("a.png", "cut.png", "b.jpg", "c.png", "missing.png", "missing.jpg"):
            assert read_provenance(tmp_path / name) is None


def test_exif_without_any_directory_entry() -> None:
    assert read_picture(io.BytesIO(encoded(noise(), "PNG", exif=b"Exif\0\0" + exif([])))).metadata.exif == exif([])
    assert read_picture(io.BytesIO(encoded(noise(), "PNG", exif=b"Exif\0\0" + orientation_exif(3)))).metadata.exif == orientation_exif(1)
