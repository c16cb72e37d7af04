"""`u2studio train`, from pictures to weights that cut out; stopped by Ctrl-C and by the clock."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.training.run_folder import RunFolder

ENVIRONMENT = {**os.environ, "LC_ALL": "C", "LANGUAGE": "", "OMP_NUM_THREADS": "1"}
RECIPE = """
task = "matting"
steps = {steps}
batch = 4
precision = "bf16"
device = "cpu"
log_every = 5

[data]
size = 32
crop = 32
held_out = 0.2

[optimizer]
learning_rate = 0.003

[rate]
warm_up = 3
decay = "cosine"

[average]
decay = 0.8

[loss]
iou = 0.5

[validation]
every = {every}

[samples]
every = {every}
count = 2
"""


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photos of a bright disc somewhere on a dark ground, and its mask."""
    folder = tmp_path_factory.mktemp("discs")
    y, x = np.mgrid[:36, :48]
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for index in range(10):
        random = np.random.default_rng(index)
        disc = (y - random.integers(10, 26)) ** 2 + (x - random.integers(12, 36)) ** 2 < 9**2
        photo = np.where(disc[..., None], random.integers(150, 255, 3), random.integers(0, 100, 3)) + random.integers(0, 20, (36, 48, 3))
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray(disc.astype(np.uint8) * 255).save(folder / "masks" / f"{index}.png")
    return folder


def u2studio(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "u2studio", *map(str, arguments)]


def finished(*arguments: object) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(u2studio(*arguments), capture_output=True, text=True, env=ENVIRONMENT, timeout=200, check=False)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def recipe(folder: Path, steps: int = 80, every: int = 40) -> Path:
    file = folder / "discs.toml"
    file.write_text(RECIPE.format(steps=steps, every=every), encoding="utf-8")
    return file


def test_from_pictures_to_weights_that_cut_out(tmp_path: Path, discs: Path) -> None:
    ended = finished("train", recipe(tmp_path), "-o", tmp_path / "run", "--set", f"data.train={discs}")
    assert ended.returncode == 0, ended.stderr
    weights = tmp_path / "run" / "discs.safetensors"
    assert ended.stdout.strip() == str(weights)
    with (tmp_path / "run" / "validation.csv").open() as stream:
        errors = [float(row["mae"]) for row in csv.DictReader(stream)]
    assert min(errors) < 0.1, f"a disc on a ground is learned in eighty steps: {errors}"

    photo = discs / "images" / "3.png"
    cut = finished("matte", photo, "-o", tmp_path / "alpha.png", "--output", "alpha", "--model", tmp_path / "run" / "card.toml", "--precision", "fp32")
    assert cut.returncode == 0, cut.stderr
    alpha, mask = (np.asarray(Image.open(file).convert("L"), np.float32) / 255 for file in (tmp_path / "alpha.png", discs / "masks" / "3.png"))
    assert np.abs(alpha - mask).mean() < 0.15, "the card says how to feed what was trained"


def test_a_run_is_never_overwritten_nor_mixed(tmp_path: Path, discs: Path) -> None:
    common = ("train", recipe(tmp_path, steps=2, every=1), "-o", tmp_path / "run", "--set", f"data.train={discs}", "--set", "samples.every=0")
    assert finished(*common).returncode == 0
    again = finished(*common)
    assert (again.returncode, "--resume" in again.stderr) == (1, True)
    other = finished(*common, "--resume", "--set", "loss.dice=1")
    assert other.returncode == 1
    assert "loss.dice: 0.0 → 1" in other.stderr
    kept = tmp_path / "run" / "recipe.toml"  # a program of before, whose recipes had fewer settings
    kept.write_text("\n".join(line for line in kept.read_text(encoding="utf-8").splitlines() if not line.startswith(("clip", "prune"))), encoding="utf-8")
    longer = finished(*common, "--resume", "--set", "steps=3")
    assert longer.returncode == 0, longer.stderr
    assert RunFolder(tmp_path / "run").latest() == tmp_path / "run" / "checkpoints" / "000003"


def test_ctrl_c_stops_cleanly(tmp_path: Path, discs: Path) -> None:
    common = ("train", recipe(tmp_path, steps=100_000, every=1), "-o", tmp_path / "run", "--set", f"data.train={discs}")
    process = subprocess.Popen(u2studio(*common), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    deadline = time.monotonic() + 100
    while RunFolder(tmp_path / "run").latest() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert (process.returncode, "Traceback" in err) == (0, False), err
    assert "Go on with --resume" in err
    assert out.strip().endswith("discs.safetensors")
    assert not list((tmp_path / "run").rglob("*.part"))
    assert finished(*common, "--resume", "--minutes", "0.001").returncode == 0


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    for arguments, words in (
        (("train", "matting", "-o", tmp_path / "run"), "data.train=FOLDER"),
        (("train", "mating"), "→ matting?"),
        (("train", "matting", "--set", "loss.dise=1"), "→ dice?"),
    ):
        ended = finished(*arguments)
        assert ended.returncode == 1
        assert words in ended.stderr
