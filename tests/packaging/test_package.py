"""The repository's root is at once a ComfyUI pack folder under any name and the one importable package `u2studio`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _python(*arguments: str, cwd: Path, path: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LANGUAGE", "LC_ALL", "LANG")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone holds, in a folder with a name no package could have."""
    folder = tmp_path_factory.mktemp("custom_nodes") / "my u2-pack 1"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    done = _python("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(target), str(checkout), cwd=target)
    assert done.returncode == 0, done.stderr
    (found,) = target.glob("u2studio-*.whl")
    return found


def test_wheel_holds_one_top_level_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"u2studio"}
    assert "u2studio/shared_core/weights/u2netp.safetensors" in names
    assert "u2studio/shared_core/models/cards.toml" in names
    assert {"u2studio/gimp_plugin/u2studio/u2studio.py", "u2studio/gimp_plugin/u2studio/u2gimp/plugin.py"} <= set(names)
    assert not [name for name in names if name.startswith(("u2studio/tests", "u2studio/benchmarks", "u2studio/docs"))]


def test_wheel_holds_every_module(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("shared_core", "u2net_nodes"):
        for path in (checkout / folder).rglob("*.py"):
            if path.parent.name == "generate":  # makes files of the repository; nothing for users
                continue
            assert f"u2studio/{path.relative_to(checkout)}" in names, f"{path} is in no package of pyproject.toml"


def test_installed_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    done = _python("-m", "u2studio", "operations", cwd=tmp_path, path=(tmp_path / "site",))
    assert done.returncode == 0, done.stderr
    assert "refine_alpha" in done.stdout


def test_editable_install_exposes_u2studio_alone(tmp_path: Path) -> None:
    probe = "import importlib.util as u; assert u.find_spec('u2studio'); assert not u.find_spec('shared_core'); assert not u.find_spec('u2net_nodes')"
    done = _python("-c", probe, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_bare_folder_runs(checkout: Path, tmp_path: Path) -> None:
    done = _python(str(checkout), "operations", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "refine_alpha" in done.stdout


def test_a_foreign_shared_core_does_no_harm(checkout: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    (foreign / "shared_core").mkdir(parents=True)
    (foreign / "shared_core" / "__init__.py").write_text("raise SystemExit('the foreign one was imported')")
    for arguments in ((str(checkout), "operations"), ("-m", "u2studio", "operations")):
        done = _python(*arguments, cwd=foreign, path=(foreign,))
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["pack_under_another_name", "/home/x/custom_nodes/my u2-pack_x_1"])
def test_the_pack_imports_under_any_module_name(checkout: Path, tmp_path: Path, name: str) -> None:
    probe = f"""
import importlib, importlib.util, sys
spec = importlib.util.spec_from_file_location({name!r}, {str(checkout / "__init__.py")!r}, submodule_search_locations=[{str(checkout)!r}])
pack = importlib.util.module_from_spec(spec)
sys.modules[{name!r}] = pack
before = list(sys.path)
spec.loader.exec_module(pack)
core = importlib.import_module({name!r} + ".shared_core")
assert core.operations() and sys.path == before
assert not {{"torch", "cv2", "numpy", "u2studio"}} & set(sys.modules), set(sys.modules)
"""
    done = _python("-c", probe, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_importing_the_core_loads_neither_torch_nor_opencv(tmp_path: Path) -> None:
    probe = "import sys, u2studio.shared_core, u2studio.shared_core.cli.app; assert not {'torch', 'cv2', 'numpy', 'rich'} & set(sys.modules)"
    done = _python("-c", probe, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
