"""Runs `inside/checks.py` in ComfyUI's own environment."""

from __future__ import annotations

import subprocess

import pytest

from .comfy_server import HERE, python


@pytest.mark.timeout(960)
def test_checks_inside_comfyui() -> None:
    if subprocess.run([python(), "-c", "import pytest"], capture_output=True, check=False).returncode:
        pytest.skip("ComfyUI's environment has no pytest (tests/hosts/comfyui/setup.sh installs one)")
    checks = HERE / "inside" / "checks.py"
    command = [
        python(),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--rootdir={checks.parent}",
        f"--confcutdir={checks.parent}",
        "-c",
        "/dev/null",
        str(checks),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    print(done.stdout.splitlines()[-1])  # noqa: T201 (how many)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
