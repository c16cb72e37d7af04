"""`u2studio matte` as its users call it."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.imaging.files import read_picture, read_provenance

OUTPUTS = ("cutout", "alpha", "trimap", "foreground", "composite", "sheet")


@pytest.fixture(scope="module")
def making() -> ModuleType:
    """The maker of files and profiles."""
    spec = importlib.util.spec_from_file_location("making_files", Path(__file__).resolve().parents[1] / "imaging" / "files" / "making.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def photos(place: Path, small: Image.Image) -> Path:
    """photos/a.png, b.jpg, notes.txt and deeper/c.png."""
    (place / "photos" / "deeper").mkdir(parents=True)
    small.save("photos/a.png")
    small.save("photos/b.jpg")
    Path("photos/notes.txt").write_text("no picture")
    small.save("photos/deeper/c.png")
    return Path("photos")


def _files(folder: str | Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in Path(folder).rglob("*") if one.is_file())


def test_every_output_of_one_run(u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", photo_file, "-o", "out", *(word for one in OUTPUTS for word in ("--output", one)))
    assert (ending.status, ending.out, ending.err) == (0, b"", "")
    assert _files("out") == sorted(f"cup_{one}.png" for one in OUTPUTS)
    made = {one: Image.open(f"out/cup_{one}.png") for one in OUTPUTS}
    assert {one: picture.mode for one, picture in made.items()} == {
        "cutout": "RGBA", "alpha": "L", "trimap": "L", "foreground": "RGB", "composite": "RGB", "sheet": "RGB",
    }  # fmt: skip
    assert {picture.size for one, picture in made.items() if one != "sheet"} == {(96, 80)}
    assert made["sheet"].size == (3 * 96 + 2 * 2, 80)
    arrays = {one: np.asarray(picture).astype(int) for one, picture in made.items()}
    photo = np.asarray(Image.open(photo_file)).astype(int)
    alpha = arrays["alpha"]
    assert alpha[40, 48] > 250  # the cup
    assert alpha[2, 2] < 5  # the table
    assert np.array_equal(arrays["cutout"][..., 3], alpha)
    assert np.array_equal(arrays["cutout"][alpha > 0][:, :3], arrays["foreground"][alpha > 0])
    assert np.array_equal(arrays["foreground"][alpha == 255], photo[alpha == 255])
    assert np.array_equal(arrays["foreground"][alpha == 0], photo[alpha == 0])  # straight alpha keeps colours under transparency
    assert set(np.unique(arrays["trimap"])) == {0, 128, 255}
    over_white = alpha[..., None] / 255 * arrays["foreground"] + 255 - alpha[..., None]
    assert abs(arrays["composite"] - over_white).max() <= 1
    assert np.array_equal(arrays["sheet"][:, :96], photo)
    assert np.array_equal(arrays["sheet"][:, 98 : 98 + 96, 0], alpha)


@pytest.mark.parametrize("stem", ["cup", "eine Tasse.von oben", "杯子"])
def test_alpha_is_eight_bit_gray_of_the_photos_size_and_stem(stem: str, u2studio: Callable, photo_file: Path) -> None:
    photo = photo_file.rename(f"{stem}.jpg")
    assert u2studio("matte", photo, "-o", "out", "--output", "alpha").status == 0
    header = Path(f"out/{stem}.png").read_bytes()[:26]
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (96, 80)
    assert (header[24], header[25]) == (8, 0)  # bits, gray


def test_cutout_is_what_is_made_unasked_and_says_how(u2studio: Callable, photo_file: Path) -> None:
    assert u2studio("matte", photo_file, "-o", "out", "--precision", "fp32", "--device", "cpu").status == 0
    assert Image.open("out/cup.png").mode == "RGBA"
    provenance = read_provenance(Path("out/cup.png"))
    assert provenance is not None
    expected = {
        "model": "u2netp",
        "preprocess": "default",
        "refine": "guided",
        "edge_width": 0.0,
        "keep_transparency": False,
        "detail": False,
        "colours": "freed",
    }
    assert provenance["parameters"] == expected
    assert list(provenance["models"]) == ["u2netp"]  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_it_makes_what_the_door_makes(u2studio: Callable, photo_file: Path, models: object) -> None:
    from u2studio.shared_core import run

    arguments = ("--precision", "fp32", "--preprocess", "official", "--refine", "none")
    assert u2studio("matte", photo_file, "-o", "x.png", "--output", "alpha", *arguments).status == 0
    image = read_picture(photo_file).pixels[None]
    made = run("matte", {"image": image}, {"preprocess": "official", "refine": "none"}, models=models, wanted=("alpha",))  # pyright: ignore[reportArgumentType]
    assert abs(np.asarray(Image.open("x.png")).astype(float) - made["alpha"][0] * 255).max() <= 1


def test_options_reach_their_operations(u2studio: Callable, photo_file: Path, small: Image.Image) -> None:
    small.resize((300, 100)).rotate(180).save("behind.png")
    common = ("matte", photo_file, "--refine", "none")
    assert u2studio(*common, "-o", "black.png", "--output", "composite", "--composite-colour", "#102030").status == 0
    assert tuple(np.asarray(Image.open("black.png"))[0, 0]) == (0x10, 0x20, 0x30)
    assert u2studio(*common, "-o", "behind-it.png", "--output", "composite", "--background", "behind.png").status == 0
    assert not np.array_equal(np.asarray(Image.open("behind-it.png")), np.asarray(Image.open("black.png")))
    for width in (0, 20):
        assert u2studio(*common, "-o", f"t{width}.png", "--output", "trimap", "--trimap-inside", width, "--trimap-outside", width).status == 0
    unknown = [(np.asarray(Image.open(f"t{width}.png")) == 128).sum() for width in (0, 20)]
    assert unknown[1] > 4 * unknown[0]


def test_folders_patterns_and_names(u2studio: Callable, photos: Path) -> None:
    assert u2studio("matte", photos, "-o", "flat", "--output", "alpha").status == 0
    assert _files("flat") == ["a.png", "b.png"]
    assert u2studio("matte", photos, "-o", "deep", "--output", "alpha", "--recursive").status == 0
    assert _files("deep") == ["a.png", "b.png", "deeper/c.png"]
    assert u2studio("matte", "photos/*.png", "photos/b.jpg", "-o", "some", "--output", "alpha", "--name", "{stem}-{output}").status == 0
    assert _files("some") == ["a-alpha.png", "b-alpha.png"]
    assert u2studio("matte", "photos/*.jpg", "-o", "tree", "--output", "alpha", "--output", "trimap", "--name", "{output}/{name}").status == 0
    assert _files("tree") == ["alpha/b.jpg.png", "trimap/b.jpg.png"]


def test_results_in_the_photos_own_folder(u2studio: Callable, photos: Path) -> None:
    assert u2studio("matte", photos, "-o", photos, "--output", "alpha", "--name", "{stem}_mask").status == 0
    assert {"a_mask.png", "b_mask.png"} < set(_files(photos))
    before = Path("photos/a.png").read_bytes()
    ending = u2studio("matte", "photos/a.png", "-o", photos, "--output", "alpha", "--overwrite")
    assert ending.status == 1
    assert "a.png would be replaced by its own result" in ending.err
    assert Path("photos/a.png").read_bytes() == before


def test_results_inside_the_photos_folder_are_no_photos(u2studio: Callable, photos: Path) -> None:
    for _ in range(2):
        assert u2studio("matte", photos, "-o", "photos/cut.v1", "--recursive", "--output", "alpha", "--resume").status == 0
    assert _files("photos/cut.v1") == ["a.png", "b.png", "deeper/c.png"]


def test_standard_input_and_output(u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", "-", "-o", "-", "--output", "alpha", stdin=photo_file.read_bytes())
    assert (ending.status, ending.err) == (0, "")
    u2studio("matte", photo_file, "-o", "file.png", "--output", "alpha")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(ending.out))), np.asarray(Image.open("file.png")))
    assert u2studio("matte", "-", "-o", "out", stdin=photo_file.read_bytes()).status == 0
    assert _files("out") == ["stdin.png"]
    ending = u2studio("matte", "-", "-o", "-")
    assert (ending.status, ending.out) == (1, b"")
    assert ending.err.count("\n") == 1


def test_nothing_is_overwritten_unasked(u2studio: Callable, photo_file: Path) -> None:
    Path("out").mkdir()
    Path("out/cup.png").write_bytes(b"mine")
    ending = u2studio("matte", photo_file, "-o", "out")
    assert ending.status == 1
    assert "cup.png" in ending.err
    assert "--overwrite" in ending.err
    assert Path("out/cup.png").read_bytes() == b"mine"
    assert u2studio("matte", photo_file, "-o", "out", "--overwrite").status == 0
    assert Image.open("out/cup.png").size == (96, 80)


def test_resume_makes_only_what_is_missing_and_reports_it(u2studio: Callable, photos: Path) -> None:
    Path("out").mkdir()
    Path("out/a.png").write_bytes(b"done before")
    assert u2studio("matte", photos, "-o", "out", "--output", "alpha", "--resume", "--report", "report.jsonl").status == 0
    assert Path("out/a.png").read_bytes() == b"done before"
    lines = [json.loads(line) for line in Path("report.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["status"], line["input"]) for line in lines] == [("skipped", "photos/a.png"), ("done", "photos/b.jpg")]
    assert lines[1]["outputs"] == {"alpha": "out/b.png"}
    assert lines[1]["seconds"] > 0
    assert list(lines[1]["models"]) == ["u2netp"]


def test_bad_files_are_named_and_the_others_are_made(u2studio: Callable, photos: Path) -> None:
    whole = Path("photos/a.png").read_bytes()
    Path("photos/broken.png").write_bytes(whole[: len(whole) // 2])
    Path("photos/text.jpg").write_text("no picture")
    ending = u2studio("matte", photos, "missing.jpg", "none-*.jpg", "-o", "out", "--report", "report.jsonl")
    assert ending.status == 1
    complaints = ending.err.splitlines()
    assert len(complaints) == 5
    for name, line in zip(("broken.png", "text.jpg", "missing.jpg", "none-*.jpg"), complaints, strict=False):
        assert name in line
    assert "4" in complaints[4]
    assert "6" in complaints[4]
    assert _files("out") == ["a.png", "b.png"]
    lines = [json.loads(line) for line in Path("report.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines] == ["done", "done", "failed", "failed", "failed", "failed"]
    assert all(line["error"] == "BadInput" and line["message"] for line in lines[2:])


def test_one_bad_file_is_one_sentence(u2studio: Callable, photo_file: Path) -> None:
    Path("cut.jpg").write_bytes(photo_file.read_bytes()[:600])
    ending = u2studio("matte", "cut.jpg", "-o", "out")
    assert ending.status == 1
    assert ending.err.startswith("u2studio: cut.jpg ")
    assert ending.err.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--model", "u2net-p"), ("u2net-p", "u2netp")),
        (("--edge-width", "-3"), ("edge_width", "-3", "0", "200")),
        (("--edge-width", "wide"), ("wide",)),
        (("--preprocess", "offical"), ("offical", "official")),
        (("--output", "mask"), ("mask", "alpha")),
        (("--refine", "deep"), ("deep", "guided")),
        (("--composite-colour", "red"), ("colour", "red", "#")),
        (("--trimap-inside", "501"), ("inside", "501", "500")),
        (("--device", "cuda:99"), ("cuda:99",)),
        (("--device", "toaster"), ("toaster",)),
        (("--precision", "fp8"), ("fp8", "fp32")),
        (("--background", "nowhere.png"), ("nowhere.png",)),
        (("--name", "{stm}"), ("stm", "stem")),
        (("--name", "../{stem}"), ("../{stem}",)),
        (("--output", "alpha", "--output", "cutout", "--name", "{stem}"), ("{output}",)),
        (("--alpha",), ("--alpha",)),
    ],
)
def test_wrong_use_is_status_2_and_names_what_is_wrong(arguments: tuple[str, ...], named: tuple[str, ...], u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", photo_file, "-o", "out", *arguments)
    assert ending.status == 2
    assert all(word in ending.err for word in named), ending.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("matte",),
        ("matte", "cup.jpg"),
        ("mate", "cup.jpg", "-o", "out"),
        ("matte", "cup.jpg", "cup.jpg", "-o", "-"),
        ("matte", "photos", "-o", "-"),
        ("matte", "photos/*", "-o", "-"),
        ("matte", "cup.jpg", "-o", "-", "--output", "alpha", "--output", "cutout"),
        ("matte", "cup.jpg", "-o", "one.png", "--output", "alpha", "--output", "cutout", "--overwrite"),
    ],
    ids=" ".join,
)
def test_wrong_calls_are_status_2_and_write_nothing(arguments: tuple[str, ...], u2studio: Callable, photo_file: Path, photos: Path) -> None:
    before = _files(".")
    ending = u2studio(*arguments)
    assert (ending.status, ending.out) == (2, b"")
    assert ending.err
    assert _files(".") == before


def test_several_photos_for_one_file_fail_but_the_first(u2studio: Callable, photos: Path) -> None:
    ending = u2studio("matte", photos, "-o", "one.png", "--output", "alpha")
    assert ending.status == 1
    assert "one.png is one file" in ending.err
    assert Path("one.png").exists()


def test_two_photos_of_one_stem_do_not_replace_each_other(u2studio: Callable, photos: Path) -> None:
    shutil.copy("photos/b.jpg", "photos/a.jpg")
    ending = u2studio("matte", photos, "-o", "out", "--output", "alpha", "--overwrite")
    assert ending.status == 1
    assert "photos/a.jpg" in ending.err
    assert "photos/a.png" in ending.err
    assert _files("out") == ["a.png", "b.png"]


def test_a_place_without_pictures_is_said(u2studio: Callable, place: Path) -> None:
    (place / "empty").mkdir()
    ending = u2studio("matte", "empty", "-o", "out")
    assert ending.status == 1
    assert "empty" in ending.err


def test_a_cutout_that_the_format_cannot_hold_is_refused(u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", photo_file, "-o", "cut.jpg")
    assert ending.status == 1
    assert "no transparency" in ending.err
    assert not Path("cut.jpg").exists()


def test_sixteen_bits_stay_sixteen(u2studio: Callable, place: Path, small: Image.Image, making: ModuleType) -> None:
    deep = np.asarray(small).astype(np.uint16) * 257 + np.random.default_rng(2).integers(-100, 100, (80, 96, 3)).clip(0).astype(np.uint16)
    Path("deep.png").write_bytes(making.png(deep))
    assert u2studio("matte", "deep.png", "-o", "out.png").status == 0
    import cv2

    cut = cv2.imread("out.png", cv2.IMREAD_UNCHANGED)
    assert cut is not None
    assert cut.dtype == np.uint16
    opaque = cut[..., 3] == 65535
    assert opaque.any()
    assert np.array_equal(cut[..., 2::-1][opaque], deep[opaque])


def test_a_wide_gamut_photo_keeps_its_profile_and_colours(u2studio: Callable, place: Path, small: Image.Image, making: ModuleType) -> None:
    profile = making.matrix_profile()
    small.save("p3.png", icc_profile=profile)
    assert u2studio("matte", "p3.png", "-o", "out", "--output", "cutout", "--output", "composite").status == 0
    with Image.open("out/p3_cutout.png") as cut:
        assert cut.info["icc_profile"] == profile
        values = np.asarray(cut)
    opaque = values[..., 3] == 255
    assert opaque.any()
    assert np.array_equal(values[opaque][:, :3], np.asarray(small)[opaque])
    with Image.open("out/p3_composite.png") as over:  # over an sRGB colour, so in sRGB
        assert "icc_profile" not in over.info
        assert not np.array_equal(np.asarray(over)[opaque], np.asarray(small)[opaque])


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are Unicode")
def test_a_name_that_is_not_unicode(u2studio: Callable, photo_file: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    photo_file.rename(name)
    assert u2studio("matte", name, "-o", "out", "--output", "alpha", "--report", "report.jsonl").status == 0
    assert _files("out") == [os.fsdecode(b"caf\xe9.png")]
    assert json.loads(Path("report.jsonl").read_text(encoding="utf-8"))["outputs"] == {"alpha": os.fsdecode(b"out/caf\xe9.png")}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_control_c_ends_it_without_half_a_file(interrupted: Callable[..., int], place: Path, small: Image.Image) -> None:
    (place / "photos").mkdir()
    small.resize((640, 480)).save("photos/0.png")
    for number in range(1, 200):
        os.link("photos/0.png", f"photos/{number}.png")
    status = interrupted("matte", "photos", "-o", "out", "--device", "cpu", ready=lambda: Path("out/0.png").exists())
    assert status == 130
    made = list(Path("out").iterdir())
    assert 0 < len(made) < 200
    for file in made:
        assert file.suffix == ".png"
        Image.open(file).load()
