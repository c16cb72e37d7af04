"""`u2studio matte` and `portrait` with OpenVINO never load PyTorch, which would take a second and 180 MiB of every command."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="needs OpenVINO")


def _loaded(in_python: Callable[..., str], *arguments: object) -> str:
    """Whether PyTorch is there at the end of `u2studio matte`, in a process of its own."""
    program = f"""
import sys
from u2studio.shared_core.cli import main
sys.argv = ["u2studio", "matte", *{list(map(str, arguments))!r}, "--device", "cpu", "--overwrite"]
print(main(), "torch" in sys.modules)
"""
    return in_python(program)


FINISHING = {
    "composites": ("--output", "composite", "--background", "cup.jpg"),
    "blurred": ("--output", "composite", "--composite-fill", "blurred"),
    "gradient": ("--output", "composite", "--composite-fill", "gradient", "--output", "trimap"),
    "layers": ("--output", "cutout", "--despill", "--shadow", "--crop", "--output", "sheet", "--output", "confidence"),
    "clean-up": ("--clean-keep", "largest", "--clean-minimum-area", "20", "--clean-fill-holes", "20", "--clean-grow", "1.5", "--clean-hardness", "20",
                 "--clean-feather", "2"),
    "detail": ("--detail",),
}  # fmt: skip
EDGES = {"closed_form": "pymatting", "crf": "pydensecrf"}


def _assert_finished_without_it(in_python: Callable[..., str], photo: Path, photo_file: Path) -> None:
    ways = {name: (photo, *options) for name, options in FINISHING.items()}
    ways |= {method: (photo_file, "--refine", method) for method, package in EDGES.items() if find_spec(package)}
    program = f"""
import sys
from u2studio.shared_core.cli import main
for name, options in { {name: list(map(str, options)) for name, options in ways.items()}!r}.items():
    sys.argv = ["u2studio", "matte", *options, "-o", "out", "--device", "cpu", "--overwrite"]
    print(name, main(), "torch" in sys.modules)
"""
    assert in_python(program).splitlines() == [f"{name} 0 False" for name in ways]


def test_what_was_done_once_is_done_again_without_it(in_python: Callable[..., str], photo_file: Path, pictures: Path) -> None:
    assert _loaded(in_python, photo_file, "-o", "out").startswith("0 ")  # the first command of a machine measures engines
    for outputs in (("cutout",), ("alpha",), ("cutout", "foreground")):
        assert _loaded(in_python, photo_file, "-o", "out", *(word for one in outputs for word in ("--output", one))) == "0 False\n", outputs
    _assert_finished_without_it(in_python, pictures / "astronaut.jpg", photo_file)


def test_several_photos_at_once_do_without_it(in_python: Callable[..., str], photo_file: Path) -> None:
    for index in range(3):
        Path(f"{index}.jpg").write_bytes(photo_file.read_bytes())
    first, again = (_loaded(in_python, "*.jpg", "-o", "out", "--jobs", "2") for _ in range(2))
    assert first.startswith("0 ")
    assert again == "0 False\n"


def test_faces_are_found_drawn_and_put_back_without_it(in_python: Callable[..., str], pictures: Path) -> None:
    sitter, everything = pictures / "astronaut.jpg", ("drawing", "ink", "composite", *(("svg",) if find_spec("vtracer") else ()))
    portrait = ("portrait", sitter, "-o", "out", "--device", "cpu")
    steps = [
        (*portrait, *(word for one in everything for word in ("--output", one))),
        (*portrait, "--detail"),
        (*portrait, "--engine", "classical", "--hatching", "50", "--paper-texture", "laid", "--output", "composite", "--method", "ink"),
        ("detect-faces", "--image", sitter, "-o", "found.json"),
        ("crop-face", "--image", sitter, "-o", "crop.png", "--faces-out", "faces.json"),
        ("line-drawing", "--image", "crop.png", "-o", "drawn.png", "--device", "cpu"),
        ("ink-over-photo", "--image", "crop.png", "--drawing", "drawn.png", "-o", "over.png"),
        ("paste-face", "--image", sitter, "--drawing", "drawn.png", "--faces", "faces.json", "-o", "back.png"),
    ]
    program = f"""
import sys
from u2studio.shared_core.cli import main
for step in {[[*map(str, step), "--overwrite"] for step in steps]!r}:
    sys.argv = ["u2studio", *step]
    print(main(), "torch" in sys.modules)
"""
    first, again = (in_python(program).splitlines() for _ in range(2))
    assert [one[:2] for one in first] == ["0 "] * len(steps)
    assert again == ["0 False"] * len(steps)
