"""Several processes, as torchrun starts them, act as one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.training.machine import Machine

from .tiny import core

SETTINGS = (
    "batch=4", "steps=4", "precision=fp32", "device=cpu", "freeze_batch_norm=true", "checkpoint_every=2", "validation.every=2", "samples.every=4",
    "data.size=32", "data.crop=32", "data.held_out=0.3", "augmentation.noise=0.01", "augmentation.flip_vertical=0.5",
    # plain gradient descent: Adam divides by the gradient's own size, so that where it is all but 0, rounding decides the direction
    "optimizer.name=sgd", "optimizer.learning_rate=0.02",
)  # fmt: skip
TORCHRUN = (
    "torch.distributed.run",
    "--nproc-per-node=2",
    "--master-addr=127.0.0.1",
    "--master-port=0",
    "--rdzv-backend=c10d",
    "--rdzv-endpoint=127.0.0.1:0",
    "--module",
)


def train(folder: Path, data: Path, *before: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    settings = [part for one in (f"data.train={data}", *SETTINGS, *more) for part in ("--set", one)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LC_ALL": "C"}
    command = [sys.executable, "-m", *before, "u2studio", "train", "matting", "-o", str(folder), *settings]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for index in range(8):
        random = np.random.default_rng(index)
        Image.fromarray(random.integers(0, 256, (40, 40, 3), np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray((random.random((40, 40)) > 0.5).astype(np.uint8) * 255).save(folder / "masks" / f"{index}.png")
    return folder


def test_two_processes_equal_one_with_the_whole_batch(tmp_path: Path, data: Path) -> None:
    pytest.importorskip("lightning_fabric")
    one, two = train(tmp_path / "one", data), train(tmp_path / "two", data, *TORCHRUN)
    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    assert two.stdout.count("matting.safetensors") == 1, "only the first process speaks"
    for step in (2, 4):
        alone, together = (load_file(tmp_path / name / f"checkpoints/{step:06d}/weights-network.safetensors") for name in ("one", "two"))
        assert max(float((alone[key] - together[key]).abs().max()) for key in alone) <= 1e-5
    start, end = (load_file(tmp_path / "two" / f"checkpoints/{step:06d}/weights-network.safetensors") for step in (2, 4))
    assert max(float((start[key] - end[key]).abs().max()) for key in start) > 1e-3, "they did learn"
    figures = [np.loadtxt(tmp_path / name / "validation.csv", delimiter=",", skiprows=1) for name in ("one", "two")]
    np.testing.assert_allclose(figures[0], figures[1], atol=1e-4)


def test_a_batch_that_cannot_be_shared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("u2studio.shared_core.training.machine._fabric", lambda device, world: None)
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(BadInput, match="3 processes cannot share"):
        Machine(core(batch=4))
