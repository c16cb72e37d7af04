"""The plug-in in a real GIMP: selections, drawables, worker, keys, menus, languages. What is checked stands in `scripts/`, which run inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

pytestmark = pytest.mark.timeout(460)


@pytest.mark.parametrize("script", ["check_selection.py", "check_inputs.py", "check_drawables.py", "check_worker.py", "check_folder.py"])
def test_without_a_screen(gimp: Run, script: str) -> None:
    assert "check:" in gimp(script=script)


def test_undo_menu_dialogs_and_cancel(gimp: Run, plug_in: Path, tmp_path: Path) -> None:
    procedures = json.loads((plug_in / "operations.json").read_text())["procedures"]
    operations = {one["operation"] for one in procedures}
    printed = gimp("--gui", "--shot", tmp_path / "window.png", script="check_gui.py")
    assert printed.count("check: undo and redo") == 15 + len(operations - {"matte", "clothes"})


@pytest.mark.parametrize("language", ["C.UTF-8", "zh_CN.UTF-8"])
def test_menu_and_dialogs_in_both_languages(gimp: Run, kept: Path, tmp_path: Path, language: str) -> None:
    """The pictures of docs/gimp.md are made here: U2STUDIO_SHOTS names the folder to keep them in."""
    import os

    from PIL import Image

    folder = Path(os.environ.get("U2STUDIO_SHOTS", tmp_path))
    chinese = language.startswith("zh")
    suffix = "_zh" if chinese else ""
    titles = {"matte": "抠图" if chinese else "Matting", "portrait": "肖像线稿" if chinese else "Portrait Drawing", "settings": "u2studio [0-9.]+"}
    for name, title in titles.items():
        shot = folder / f"gimp_{name}{suffix}.png"
        gimp(
            "--gui",
            "--lang",
            language,
            "--window",
            f"^{title}",
            "--shot",
            shot,
            "--key",
            "Escape",
            script="show_dialog.py",
            arguments=(f"plug-in-u2studio-{name}",),
        )
        with Image.open(shot) as picture:
            assert picture.width > 250
            picture.quantize(64).save(shot, optimize=True)
    keys = [word for key in ("size:1000x780", "wait:1", "alt+r", "wait:1", "Up", "Right", "wait:1", f"shot:/kept/menu{suffix}.png") for word in ("--key", key)]
    window = tmp_path / "window.png"
    spoken = gimp("--gui", "--lang", language, "--shot", window, *keys, script="check_language.py", arguments=(language,))
    assert "check: all texts" in spoken
    for name, shot in (("result", window), ("menu", kept / f"menu{suffix}.png")):
        with Image.open(shot) as picture:
            assert picture.width > 600
            picture.convert("RGB").save(folder / f"gimp_{name}{suffix}.jpg", quality=60, optimize=True)
