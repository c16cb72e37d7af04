"""`u2studio portrait` as its users call it. The classical engine draws where what is drawn does not matter: it is quick and needs no weights."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.imaging.files import read_provenance

CLASSICAL = ("--engine", "classical", "--detector", "cascade")
needs_vtracer = pytest.mark.skipif(find_spec("vtracer") is None, reason="vtracer is not installed")


@pytest.fixture(scope="session")
def sitter(pictures: Path) -> Image.Image:
    """The astronaut and what is around her, 400 × 300: her face lies at about 130 … 230, 45 … 145."""
    return Image.open(pictures / "astronaut.jpg").crop((56, 30, 456, 330))


@pytest.fixture
def portrait(place: Path, sitter: Image.Image) -> Path:
    """anna.png in the current folder."""
    sitter.save(place / "anna.png")
    return Path("anna.png")


def _array(file: str | Path) -> np.ndarray:
    return np.asarray(Image.open(file))


def _report(file: str = "r.jsonl") -> list[dict]:
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]


def test_a_drawing_is_gray_of_the_photos_size_with_lines_where_the_face_is(u2studio: Callable, portrait: Path) -> None:
    ending = u2studio("portrait", portrait, "-o", "out", *CLASSICAL, "--report", "r.jsonl")
    assert (ending.status, ending.out) == (0, b"")
    drawing = Image.open("out/anna.png")
    assert (drawing.mode, drawing.size) == ("L", (400, 300))
    ink = 255 - np.asarray(drawing).astype(int)
    assert ink[60:140, 140:220].mean() > 5
    assert not ink[:, 330:].any()  # beyond the head's crop it is bare paper
    (line,) = _report()
    (face,) = line["figures"]["faces"]
    assert 100 < face["left"] < 160
    assert 20 < face["top"] < 80
    assert 60 < face["width"] < 130
    assert (line["status"], line["parameters"]["engine"], line["outputs"]) == ("done", "classical", {"drawing": "out/anna.png"})
    assert line["seconds"] > 0
    assert any("pixels wide" in one for one in line["warnings"])
    assert all(f"anna.png: {one}" in ending.err for one in line["warnings"])


def test_the_outputs_are_one_drawing(u2studio: Callable, portrait: Path) -> None:
    outputs = ("--output", "drawing", "--output", "ink", "--output", "composite")
    assert u2studio("portrait", portrait, "-o", "out", *CLASSICAL, *outputs).status == 0
    made = {one: Image.open(f"out/anna_{one}.png") for one in ("drawing", "ink", "composite")}
    assert {one: (picture.mode, picture.size) for one, picture in made.items()} == {
        "drawing": ("L", (400, 300)), "ink": ("RGBA", (400, 300)), "composite": ("RGB", (400, 300)),
    }  # fmt: skip
    ink = np.asarray(made["ink"]).astype(int)
    assert not ink[..., :3].any()
    assert abs(255 - ink[..., 3] - np.asarray(made["drawing"]).astype(int)).max() <= 1
    provenance = read_provenance(Path("out/anna_ink.png"))
    assert provenance is not None
    assert (provenance["output"], provenance["operation"]) == ("ink", "portrait")


@needs_vtracer
def test_svg_lines(u2studio: Callable, portrait: Path) -> None:
    assert u2studio("portrait", portrait, "-o", "anna.svg", *CLASSICAL, "--output", "svg", "--ink-colour", "#203040").status == 0
    root = ET.parse("anna.svg").getroot()
    assert (root.get("width"), root.get("height")) == ("400", "300")
    assert root.find(".//{*}g").get("fill") == "#203040"  # pyright: ignore[reportOptionalMemberAccess]
    assert root.findall(".//{*}path")
    provenance = read_provenance(Path("anna.svg"))
    assert provenance is not None
    assert provenance["output"] == "svg"
    ending = u2studio("portrait", portrait, "-o", "-", *CLASSICAL, "--output", "svg", "--ink-colour", "#203040")
    assert ending.out == Path("anna.svg").read_bytes()
    assert u2studio("portrait", portrait, "-o", "both", *CLASSICAL, "--output", "svg", "--output", "ink").status == 0
    assert {one.name for one in Path("both").iterdir()} == {"anna_svg.svg", "anna_svg.svg.json", "anna_ink.png"}
    again = u2studio("portrait", portrait, "-o", "anna.svg", *CLASSICAL, "--output", "svg")
    assert again.status == 1
    assert "--overwrite" in again.err


@pytest.mark.parametrize(("target", "output"), [("x.png", "svg"), ("x.svg", "drawing"), ("x.svg", "ink")])
def test_the_suffix_and_the_output_must_agree(target: str, output: str, u2studio: Callable, portrait: Path) -> None:
    ending = u2studio("portrait", portrait, "-o", target, "--output", output, *CLASSICAL)
    assert ending.status == 2
    assert target in ending.err
    assert not Path(target).exists()


def test_the_whole_of_a_crop(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    sitter.crop((90, 0, 290, 200)).resize((512, 512), Image.Resampling.BICUBIC).save("crop.png")
    assert u2studio("portrait", "crop.png", "-o", "out", *CLASSICAL, "--whole", "--output", "drawing").status == 0
    header = Path("out/crop.png").read_bytes()[:26]
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (512, 512)
    assert (header[24], header[25]) == (8, 0)  # bits, gray
    drawing = _array("out/crop.png")
    assert np.median(drawing) > 240  # paper is white
    assert drawing.min() < 60  # lines are black


def test_the_embedded_network_draws_unasked(u2studio: Callable, portrait: Path) -> None:
    assert u2studio("portrait", portrait, "-o", "out", "--precision", "fp32", "--report", "r.jsonl").status == 0
    ink = 255 - _array("out/anna.png").astype(int)
    assert ink[20:70, 130:230].mean() > 2 * ink[95:125, 150:210].mean() > 0  # dark hair, a fair face
    assert list(_report()[0]["models"]) == ["u2netp_portrait"]


def test_colours_make_a_coloured_drawing(u2studio: Callable, portrait: Path) -> None:
    assert u2studio("portrait", portrait, "-o", "out", *CLASSICAL, "--paper-colour", "#f0e0c0", "--ink-colour", "#402010").status == 0
    assert tuple(_array("out/anna.png")[-1, -1]) == (0xF0, 0xE0, 0xC0)
    assert u2studio("portrait", portrait, "-o", "gray", *CLASSICAL, "--paper-colour", "#EeeEEe", "--paper-texture", "grain").status == 0
    assert Image.open("gray/anna.png").mode == "L"


def test_a_photo_without_a_face(u2studio: Callable, place: Path, pictures: Path) -> None:
    Image.open(pictures / "cat.jpg").save("cat.png")
    ending = u2studio("portrait", "cat.png", "-o", "out", *CLASSICAL, "--report", "r.jsonl")
    assert ending.status == 1
    assert ending.err.startswith("u2studio: cat.png: There is no face in the picture")
    assert ending.err.count("\n") == 1
    assert not Path("out").exists()
    assert [line["status"] for line in _report()] == ["failed"]
    for arguments in (("--no-face", "whole"), ("--whole",)):
        assert u2studio("portrait", "cat.png", "-o", "out", *CLASSICAL, *arguments, "--overwrite").status == 0
        assert _array("out/cat.png").min() < 128


def test_one_photo_without_a_face_does_not_stop_a_folder(u2studio: Callable, place: Path, sitter: Image.Image, pictures: Path) -> None:
    Path("album").mkdir()
    sitter.save("album/a.png")
    Image.open(pictures / "cat.jpg").save("album/b.png")
    sitter.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save("album/c.png")
    ending = u2studio("portrait", "album", "-o", "out", *CLASSICAL, "--jobs", 2, "--report", "r.jsonl")
    assert ending.status == 1
    assert "1 of 3 failed" in ending.err
    assert sorted(one.name for one in Path("out").iterdir()) == ["a.png", "c.png"]
    assert [line["status"] for line in _report()] == ["done", "failed", "done"]
    ending = u2studio("portrait", "album", "-o", "out", *CLASSICAL, "--resume", "--report", "again.jsonl")
    assert [line["status"] for line in _report("again.jsonl")] == ["skipped", "failed", "skipped"]


def test_two_faces_and_the_choice_between_them(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    both = Image.new("RGB", (800, 300))
    both.paste(sitter.resize((320, 240)), (0, 0))
    both.paste(sitter, (400, 0))
    both.save("both.png")
    inked = {}
    for name, choice in {
        "all": (), "largest": ("--face", "largest"), "first": ("--face", 1), "second": ("--face", "2"), "near": ("--face-at", "10,10"),
        "box": ("--face-box", "530,40,100,100"),
    }.items():  # fmt: skip
        assert u2studio("portrait", "both.png", "-o", f"{name}.png", *CLASSICAL, *choice, "--report", f"{name}.jsonl").status == 0
        ink = _array(f"{name}.png") < 128
        inked[name] = bool(ink[:, :400].any()), bool(ink[:, 400:].any())
        assert len(_report(f"{name}.jsonl")[0]["figures"]["faces"]) == (2 if name == "all" else 1)
    assert inked == {
        "all": (True, True), "largest": (False, True), "first": (True, False), "second": (False, True), "near": (True, False), "box": (False, True),
    }  # fmt: skip
    ending = u2studio("portrait", "both.png", "-o", "x.png", *CLASSICAL, "--face", 3)
    assert ending.status == 1
    assert "There is no face number 3; there are 2." in ending.err


def test_a_crowd_is_no_flood_of_notes(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    crowd = Image.new("RGB", (2100, 210))
    for number in range(10):
        crowd.paste(sitter.crop((70, 0, 280, 210)), (210 * number, 0))
    crowd.save("crowd.png")
    ending = u2studio("portrait", "crowd.png", "-o", "out", *CLASSICAL, "--report", "r.jsonl")
    assert ending.status == 0
    warnings = _report()[0]["warnings"]
    assert len(warnings) > 4
    assert ending.err.count("\n") == 5
    assert f"crowd.png: {len(warnings) - 4} more such notes" in ending.err


@pytest.mark.parametrize(("box", "says"), [("900,10,50,50", "outside the picture"), ("-80,-80,40,40", "outside the picture"), ("10,10,0,0", "0×0")])
def test_boxes_that_hold_nothing(box: str, says: str, u2studio: Callable, portrait: Path) -> None:
    ending = u2studio("portrait", portrait, "-o", "x.png", *CLASSICAL, "--face-box", box)
    assert ending.status == 1
    assert says in ending.err
    assert not Path("x.png").exists()


def test_a_box_that_leaves_the_picture_is_drawn(u2studio: Callable, portrait: Path) -> None:
    assert u2studio("portrait", portrait, "-o", "x.png", *CLASSICAL, "--face-box", "-30,-20,150,150").status == 0
    assert Image.open("x.png").size == (400, 300)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--face", "0"), ("'0'", "largest")),
        (("--face", "biggest"), ("biggest", "largest")),
        (("--face-at", "10"), ("'10'", "X,Y")),
        (("--face-box", "1,2,3"), ("1,2,3", "X,Y,W,H")),
        (("--face-box", "a,b,c,d"), ("a,b,c,d", "X,Y,W,H")),
        (("--face-box", "1,2,-5,5"), ("width", "-5")),
        (("--face-box", "nan,2,5,5"), ("x", "nan")),
        (("--whole", "--face", "2"), ("--face", "--whole", "exclude")),
        (("--face-at", "1,2", "--face-box", "1,2,3,4"), ("--face-at", "--face-box", "exclude")),
        (("--engine", "pencil"), ("pencil", "classical")),
        (("--model", "u2net_portrat"), ("u2net_portrat", "u2net_portrait")),
        (("--output", "lines"), ("lines", "svg")),
        (("--hatching", "101"), ("hatching", "101", "100")),
        (("--steady",), ("--steady",)),
    ],
)
def test_wrong_use_is_status_2_and_names_what_is_wrong(arguments: tuple[str, ...], named: tuple[str, ...], u2studio: Callable, portrait: Path) -> None:
    ending = u2studio("portrait", portrait, "-o", "out", *arguments)
    assert ending.status == 2
    assert all(word in ending.err for word in named), ending.err
    assert not Path("out").exists()


def test_monochrome_deep_and_transparent_photos(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    import cv2

    sitter.convert("L").save("gray.png")
    cv2.imwrite("deep.png", np.asarray(sitter)[..., ::-1].astype(np.uint16) * 257)
    transparent = sitter.convert("RGBA")
    transparent.putalpha(Image.new("L", sitter.size, 255))
    transparent.save("clear.png")
    box = ("--face-box", "130,45,100,100")
    for name in ("gray", "deep", "clear"):
        assert u2studio("portrait", f"{name}.png", "-o", "out", *CLASSICAL, *box, "--output", "drawing", "--output", "composite").status == 0
    assert Image.open("out/gray_drawing.png").mode == Image.open("out/clear_drawing.png").mode == "L"
    assert cv2.imread("out/deep_composite.png", cv2.IMREAD_UNCHANGED).dtype == np.uint16  # pyright: ignore[reportOptionalMemberAccess]
    deep = cv2.imread("out/deep_drawing.png", cv2.IMREAD_UNCHANGED)
    assert deep is not None
    assert deep.dtype == np.uint16
    assert abs(deep / 257 - _array("out/clear_drawing.png")).mean() < 0.5  # the same photo, the same lines


def test_a_small_photo(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    sitter.crop((80, 0, 280, 200)).save("small.png")
    assert u2studio("portrait", "small.png", "-o", "out", *CLASSICAL, "--report", "r.jsonl").status == 0
    assert Image.open("out/small.png").size == (200, 200)
    assert any(re.search(r"only \d+ pixels wide", one) for one in _report()[0]["warnings"])


def test_standard_input_and_output(u2studio: Callable, portrait: Path) -> None:
    piped = u2studio("portrait", "-", "-o", "-", *CLASSICAL, stdin=portrait.read_bytes())
    assert piped.status == 0
    assert u2studio("portrait", portrait, "-o", "file.png", *CLASSICAL).status == 0
    assert np.array_equal(_array(io.BytesIO(piped.out)), _array("file.png"))  # pyright: ignore[reportArgumentType]


def test_the_model_that_is_not_here_is_named(u2studio: Callable, portrait: Path) -> None:
    ending = u2studio("portrait", portrait, "-o", "out", "--model", "u2net_portrait")
    assert ending.status == 1
    assert "u2studio models pull u2net_portrait" in ending.err
    ending = u2studio("portrait", portrait, "-o", "out", *CLASSICAL, "--small-faces", "network")
    assert ending.status == 1
    assert "u2studio models pull realesrgan_x4plus" in ending.err


def test_the_photos_profile_does_not_follow(u2studio: Callable, place: Path, sitter: Image.Image) -> None:
    from PIL import ImageCms

    sitter.save("p.png", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), dpi=(300, 300))
    assert u2studio("portrait", "p.png", "-o", "out", *CLASSICAL, "--whole", "--output", "ink").status == 0
    info = Image.open("out/p.png").info
    assert "icc_profile" not in info
    assert round(info["dpi"][0]) == 300
