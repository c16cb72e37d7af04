"""The plug-in in a real GIMP. What is checked stands in `scripts/`, which run inside; here their results are compared with the core's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import ROOT, Run

pytestmark = pytest.mark.timeout(460)


def test_every_result_on_every_kind_of_image_equals_the_cores(gimp: Run, kept: Path) -> None:
    import numpy as np
    import torch

    from u2studio.shared_core import run
    from u2studio.shared_core.imaging.composite import as_floats
    from u2studio.shared_core.models.cache import ModelCache

    printed = gimp(script="check_results.py")
    assert printed.count("check:") >= 12
    models = ModelCache("auto", "fp32")

    def read(name: str, kind: type, *shape: int) -> np.ndarray:
        return np.fromfile(kept / name, kind).reshape(192, 192, *shape)

    cases = json.loads((kept / "cases.json").read_text())
    assert len(cases) >= 24
    for name in cases:
        channels = 4 if "alpha" in name else 3
        size = (kept / f"{name}.picture").stat().st_size // (192 * 192 * channels)
        picture = read(f"{name}.picture", {1: np.uint8, 2: np.uint16, 4: np.float32}[size], channels)
        beyond = np.float32(0.0)
        if size > 1:
            picture = picture.astype(np.float32) / np.float32(65535.0 if size == 2 else 1.0)
            beyond = (picture - picture.clip(0.0, 1.0))[..., :3]  # of what scaling in floats overshoots, the network sees nothing, and it comes back
            picture = picture.clip(0.0, 1.0)
        expected = run("matte", {"image": torch.from_numpy(picture)[None]}, {}, models=models)
        opaque = picture[..., 3] / np.float32(255.0 if picture.dtype == np.uint8 else 1.0) if channels == 4 else np.ones((192, 192), np.float32)
        alpha = expected["alpha"][0].numpy()
        if (kept / f"{name}.mask").exists():
            mask = read(f"{name}.mask", np.uint8) / np.float32(255.0)
            whole = opaque == 1.0  # a mask of new colours is written only where there are any
            assert np.abs(mask - alpha)[whole].max() <= 1.01 / 255, name
        for output in ("cutout", "foreground"):
            if not (kept / f"{name}.{output}").exists():
                continue
            found = read(f"{name}.{output}", np.float32, 4 if output == "cutout" else 3)
            wanted = as_floats(expected[output][0]).numpy().copy()
            wanted[..., :3] += beyond
            if output == "cutout":
                wanted[..., 3] = alpha * opaque
            if "gray" in name:  # GIMP keeps one gray for the three colours
                found, wanted = found[..., 3:], wanted[..., 3:]
            # 8-bit linear light has no more than 12 levels below sRGB 40/255: there GIMP rounds, not we
            tolerance = 13.0 / 255 if "u8-linear" in name else 1.01 / 255
            seen = (alpha > 0.5 / 255) & (opaque > 0)  # GIMP may drop the colour of what is invisible
            assert not found.size or np.abs(found[seen] - wanted[seen]).max() <= tolerance, (name, output)


@pytest.mark.parametrize("script", ["check_selection.py", "check_drawables.py", "check_worker.py", "check_folder.py"])
def test_without_a_screen(gimp: Run, script: str) -> None:
    assert "check:" in gimp(script=script)


def test_undo_menu_dialog_and_repeat(gimp: Run, tmp_path: Path) -> None:
    printed = gimp("--gui", "--shot", tmp_path / "window.png", script="check_gui.py")
    assert printed.count("check: undo and redo") == 15


@pytest.mark.parametrize("language", ["C.UTF-8", "zh_CN.UTF-8"])
def test_menu_and_dialogs_in_both_languages(gimp: Run, kept: Path, tmp_path: Path, language: str) -> None:
    """The pictures of docs/gimp.md are made here: U2STUDIO_SHOTS names the folder to keep them in."""
    import os

    from PIL import Image

    folder = Path(os.environ.get("U2STUDIO_SHOTS", tmp_path))
    suffix = "" if language == "C.UTF-8" else "_zh"
    photo = ROOT / "docs/pictures/astronaut.jpg"
    for name in ("matte", "settings"):
        shot = folder / f"gimp_{name}{suffix}.png"
        gimp("--gui", "--lang", language, "--open", photo, "--dialog", f"plug-in-u2studio-{name}", "--shot", shot)
        with Image.open(shot) as picture:
            assert picture.width > 250
            picture.quantize(64).save(shot, optimize=True)
    keys = [word for key in ("alt+r", "wait:1", "Up", "Right", "wait:1", f"shot:/kept/menu{suffix}.png") for word in ("--key", key)]
    window = tmp_path / "window.png"
    spoken = gimp("--gui", "--lang", language, "--shot", window, *keys, script="check_language.py", arguments=(language,))
    assert "check: all texts" in spoken
    for name, shot in (("result", window), ("menu", kept / f"menu{suffix}.png")):
        with Image.open(shot) as picture:
            assert picture.width > 600
            picture.convert("RGB").save(folder / f"gimp_{name}{suffix}.jpg", quality=72)
