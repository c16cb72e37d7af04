"""What ComfyUI's registry reads of `pyproject.toml`."""

from __future__ import annotations

import sys
from pathlib import Path

import u2studio

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ACCELERATORS = {f"Environment :: {one}" for one in ("GPU :: NVIDIA CUDA", "GPU :: AMD ROCm", "GPU :: Intel Arc", "NPU :: Huawei Ascend", "GPU :: Apple Metal")}
SYSTEMS = tuple(f"Operating System :: {one}" for one in ("Microsoft", "POSIX", "MacOS", "OS Independent"))


def test_the_version_stands_in_both_places() -> None:
    assert PROJECT["project"]["version"] == u2studio.__version__


def test_the_registry_finds_what_it_needs() -> None:
    comfy = PROJECT["tool"]["comfy"]
    assert comfy["PublisherId"]
    assert comfy["DisplayName"]
    assert comfy["requires-comfyui"] == ">=0.3.64"
    assert "web" not in comfy


def test_it_knows_every_classifier_it_looks_at() -> None:
    """One that it does not know makes it drop all of its kind."""
    for one in PROJECT["project"]["classifiers"]:
        assert not one.startswith("Environment ::") or one in ACCELERATORS, one
        assert not one.startswith("Operating System ::") or one.startswith(SYSTEMS), one


def test_what_managers_install_is_what_the_project_needs_without_torch() -> None:
    def names(lines: list[str]) -> set[str]:
        return {line.split(";")[0].split(">")[0].split("=")[0].strip() for line in lines if line.strip() and not line.startswith("#")}

    required = names((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert required == names(PROJECT["project"]["dependencies"]) - {"torch"}
