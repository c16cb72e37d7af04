"""Every other command: help in both languages, models, operations, and the commands made from the specification."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core import operations
from u2studio.shared_core.models.store import EMBEDDED, sha256

COMMANDS = [
    (), ("matte",), ("portrait",), ("models",), ("operations",), ("gimp",), ("worker",), ("train",), ("eval",), ("eval", "matting"), ("export",),
    *((f"models {one}").split() for one in ("list", "info", "pull", "verify", "where", "remove", "convert")),
    *((f"gimp {one}").split() for one in ("install", "uninstall", "status")),
    *((one.id.replace("_", "-"),) for one in operations() if one.id not in ("matte", "portrait")),
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...], u2studio: Callable) -> None:
    ending = u2studio(*words, "--help")
    assert (ending.status, ending.err) == (0, "")
    assert ending.out.decode().startswith("Usage: u2studio")
    assert u2studio(*words, "-h").out == ending.out


_ALL_HELP = """
import click
from u2studio.shared_core.cli.app import app
def show(command, parent, name):
    context = click.Context(command, parent=parent, info_name=name)
    print("#", context.command_path)
    print(command.get_help(context))
    if isinstance(command, click.Group):
        for one in command.list_commands(context):
            show(command.get_command(context, one), context, one)
show(app, None, "u2studio")
"""


def test_help_of_every_command_speaks_chinese(in_python: Callable[..., str]) -> None:
    chinese, english = (in_python(_ALL_HELP, LANG=language) for language in ("zh_CN.UTF-8", "en_US.UTF-8"))
    assert not re.search(r"[\u4e00-\u9fff]", english)
    pages = chinese.split("\n# ")
    assert len(pages) == len(COMMANDS)
    for page in pages:
        assert re.search(r"[\u4e00-\u9fff]{4}", page), page


def test_errors_and_lists_speak_chinese(process: Callable, photo_file: Path) -> None:
    ending = process("matte", "missing.jpg", "-o", "out", LANG="zh_CN.UTF-8")
    assert ending.status == 1
    assert "missing.jpg" in ending.err
    assert re.search(r"[\u4e00-\u9fff]{3}", ending.err)
    ending = process("matte", photo_file, "-o", "out", "--edge-width", "999", LC_ALL="zh_CN.UTF-8", LANG="en_US.UTF-8")
    assert ending.status == 2
    assert re.search(r"edge_width.*999.*[\u4e00-\u9fff]{2}", ending.err)
    assert re.search(r"[\u4e00-\u9fff]{3}", process("operations", LANGUAGE="zh_CN:en").out.decode())


def test_a_terminal_of_few_characters_is_no_trouble(process: Callable) -> None:
    ending = process("models", "list", PYTHONIOENCODING="ascii", LANG="zh_CN.UTF-8")
    assert ending.status == 0
    assert b"u2netp" in ending.out


def test_version(u2studio: Callable) -> None:
    from u2studio import __version__

    assert u2studio("--version").out.decode() == f"u2studio {__version__}\n"


def test_an_unknown_command_points_to_the_nearest(u2studio: Callable) -> None:
    ending = u2studio("refine-alfa")
    assert ending.status == 2
    assert "refine-alpha" in ending.err


def test_operations_as_json_hold_the_whole_specification(u2studio: Callable) -> None:
    listed = json.loads(u2studio("operations", "--json").out)
    assert [one["id"] for one in listed] == [one.id for one in operations()]
    for one, known in zip(listed, operations(), strict=True):
        assert [each["name"] for each in one["inputs"]] == [each.name for each in known.inputs]
        assert [each["default"] for each in one["parameters"]] == [each.default for each in known.parameters]
        assert [each["kind"] for each in one["outputs"]] == [each.kind for each in known.outputs]


def test_operations_name_every_parameter(u2studio: Callable) -> None:
    text = u2studio("operations").out.decode()
    for operation in operations():
        part = text[text.index(f"{operation.id}  ") :]
        for named in (*operation.inputs, *operation.parameters, *operation.outputs):
            assert f" {named.name}" in part


def test_models_list_and_info_and_where(u2studio: Callable) -> None:
    assert re.search(r"^● u2netp ", u2studio("models", "list").out.decode(), re.MULTILINE)
    assert re.search(r"^○ u2net ", u2studio("models", "list").out.decode(), re.MULTILINE)
    info = u2studio("models", "info", "u2netp").out.decode()
    assert all(word in info for word in ("Apache-2.0", "DUTS-TR", "official", "320", str(EMBEDDED / "u2netp.safetensors")))
    assert u2studio("models", "where", "u2netp").out.decode() == f"{EMBEDDED / 'u2netp.safetensors'}\tembedded\n"
    assert u2studio("models", "where", "u2net").status == 1
    assert sha256(EMBEDDED / "u2netp.safetensors") in u2studio("models", "verify", "u2netp").out.decode()


@pytest.mark.parametrize("verb", ["info", "where", "pull", "verify", "remove"])
def test_an_unknown_model_is_wrong_use(verb: str, u2studio: Callable) -> None:
    ending = u2studio("models", verb, "u2nep")
    assert ending.status == 2
    assert "u2nep" in ending.err
    assert "u2netp" in ending.err


def test_a_model_without_its_file_says_how_to_get_it(u2studio: Callable, photo_file: Path) -> None:
    ending = u2studio("matte", photo_file, "-o", "out", "--model", "u2net")
    assert ending.status == 1
    assert "u2studio models pull u2net" in ending.err
    assert ending.err.count("\n") == 1


def test_models_convert(u2studio: Callable, place: Path) -> None:
    import torch
    from safetensors.torch import load_file

    state = load_file(EMBEDDED / "u2netp.safetensors")
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, "mine.pth")
    ending = u2studio("models", "convert", "mine.pth", "mine.safetensors")
    assert (ending.status, ending.err) == (0, "")
    assert "mine.safetensors: U²-NetP" in ending.out.decode()
    again = load_file("mine.safetensors")
    assert again.keys() == state.keys()
    assert all(torch.equal(again[key], value) for key, value in state.items())
    ending = u2studio("models", "convert", "mine.pth", "mine.safetensors")
    assert ending.status == 1
    assert "mine.safetensors" in ending.err
    assert u2studio("models", "convert", "mine.pth", "mine.safetensors", "--overwrite").status == 0
    assert u2studio("models", "convert", "mine.pth", "other.safetensors", "--card", "u2net").status == 1
    assert not Path("other.safetensors").exists()
    Path("text.pth").write_text("no checkpoint")
    for source in ("text.pth", "nowhere.pth"):
        ending = u2studio("models", "convert", source, "x.safetensors")
        assert ending.status == 1
        assert source in ending.err


def _mask(name: str) -> None:
    mask = np.zeros((80, 96), np.uint8)
    mask[20:60, 24:72] = 255
    Image.fromarray(mask).save(name)


def test_each_step_of_matting_by_itself(u2studio: Callable, photo_file: Path) -> None:
    _mask("mask.png")
    both = ("--image", photo_file, "--alpha", "mask.png")
    assert u2studio("refine-alpha", *both, "--edge-width", "6", "-o", "fine.png").status == 0
    assert u2studio("trimap", "--alpha", "mask.png", "--inside", "4", "--outside", "2", "-o", "trimap.png").status == 0
    assert u2studio("estimate-foreground", *both, "-o", "colours.png").status == 0
    assert u2studio("estimate-foreground", *both, "--output", "cutout", "-o", "cut.png").status == 0
    assert u2studio("composite", "--foreground", "colours.png", "--alpha", "mask.png", "--colour", "#336699", "-o", "over.png").status == 0
    assert u2studio("sheet", *both, "-o", "sheet.png").status == 0
    modes = {name: Image.open(f"{name}.png").mode for name in ("fine", "trimap", "colours", "cut", "over", "sheet")}
    assert modes == {"fine": "L", "trimap": "L", "colours": "RGB", "cut": "RGBA", "over": "RGB", "sheet": "RGB"}
    trimap = np.asarray(Image.open("trimap.png"))
    assert trimap[40, 48] == 255
    assert trimap[40, 25] == 128
    assert trimap[40, 0] == 0
    assert tuple(np.asarray(Image.open("over.png"))[0, 0]) == (0x33, 0x66, 0x99)
    assert np.array_equal(np.asarray(Image.open("cut.png"))[..., 3], np.asarray(Image.open("mask.png")))


def test_steps_refuse_as_matte_does(u2studio: Callable, photo_file: Path) -> None:
    _mask("mask.png")
    ending = u2studio("trimap", "--alpha", "mask.png", "--inside", "501", "-o", "x.png")
    assert ending.status == 2
    assert "501" in ending.err
    assert u2studio("trimap", "-o", "x.png").status == 2
    ending = u2studio("trimap", "--alpha", "gone.png", "-o", "x.png")
    assert ending.status == 1
    assert "gone.png" in ending.err
    Image.open("mask.png").crop((0, 0, 95, 80)).save("narrow.png")
    ending = u2studio("refine-alpha", "--image", photo_file, "--alpha", "narrow.png", "-o", "x.png")
    assert ending.status == 1
    assert "95×80" in ending.err
    assert not Path("x.png").exists()
    Path("x.png").write_bytes(b"mine")
    assert u2studio("trimap", "--alpha", "mask.png", "-o", "x.png").status == 1
    assert Path("x.png").read_bytes() == b"mine"
    assert u2studio("trimap", "--alpha", "mask.png", "-o", "x.png", "--overwrite").status == 0


def test_several_outputs_of_an_operation(u2studio: Callable, photo_file: Path) -> None:
    assert u2studio("matte", photo_file, "-o", "alpha.png", "--output", "alpha", "--precision", "fp32").status == 0
    both = ("--image", photo_file, "--alpha", "alpha.png", "--output", "foreground", "--output", "cutout")
    ending = u2studio("estimate-foreground", *both, "-o", "one.png")
    assert ending.status == 2
    assert "{output}" in ending.err
    assert u2studio("estimate-foreground", *both, "-o", "cup_{output}.png").status == 0
    assert Image.open("cup_cutout.png").mode == "RGBA"
    assert Image.open("cup_foreground.png").mode == "RGB"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_output_that_cannot_be_written_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        command, english = [sys.executable, "-m", "u2studio", "--version"], {**os.environ, "LANG": "C.UTF-8"}
        ending = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=english)
    assert ending.returncode == 1
    assert ending.stderr == "u2studio: - could not be written: No space left on device.\n"
