"""PyTorch takes a second to load: where OpenVINO runs a model whose graph is kept, nobody does. Nor is loaded what OpenVINO itself can do without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from u2studio.shared_core.models import devices

pytest.importorskip("openvino")

PROGRAM = """
import importlib
import sys
import numpy as np
from u2studio.shared_core.models.cache import ModelCache

for batch in np.zeros((1, 3, 320, 320), np.float32), np.random.default_rng(0).random((1, 3, 320, 320), np.float32):
    (made,) = ModelCache(*sys.argv[1:]).get("u2netp")(batch)
    assert isinstance(made, np.ndarray) and made.shape == (1, 1, 320, 320)
assert "openvino.tools.ovc" not in sys.modules
assert importlib.import_module("openvino.tools.ovc").convert_model
print("torch" in sys.modules)
"""


@pytest.mark.parametrize("wish", [("auto", "auto"), ("cpu", "auto"), ("cpu", "fp32")], ids="-".join)
def test_a_kept_graph_runs_without_it(wish: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    if wish[0] == "auto" and devices._may_have_gpu():
        pytest.skip("PyTorch is asked for a GPU")
    folder = tmp_path_factory.getbasetemp() / "kept for all wishes"
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    loaded = [_run(wish, environment) for _ in range(2)]
    assert loaded[-1] == "False"


def _run(wish: tuple[str, str], environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *wish], env=environment, cwd=Path.cwd(), capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.strip()
