"""`u2studio matte` with OpenVINO never loads PyTorch, which would take a second and 180 MiB of every command."""

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


def test_what_was_done_once_is_done_again_without_it(in_python: Callable[..., str], photo_file: Path) -> None:
    assert _loaded(in_python, photo_file, "-o", "out").startswith("0 ")  # the first command of a machine measures engines
    for outputs in (("cutout",), ("alpha",), ("cutout", "foreground")):
        assert _loaded(in_python, photo_file, "-o", "out", *(word for one in outputs for word in ("--output", one))) == "0 False\n", outputs


def test_several_photos_at_once_do_without_it(in_python: Callable[..., str], photo_file: Path) -> None:
    for index in range(3):
        Path(f"{index}.jpg").write_bytes(photo_file.read_bytes())
    first, again = (_loaded(in_python, "*.jpg", "-o", "out", "--jobs", "2") for _ in range(2))
    assert first.startswith("0 ")
    assert again == "0 False\n"
