"""`u2studio gimp`: into every GIMP 3 of a user, out of it again, and honest about what is wrong."""

from __future__ import annotations

import gettext
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from u2studio import __version__
from u2studio.shared_core.cli import console, gimp_folders
from u2studio.shared_core.cli.gimp import gimp
from u2studio.shared_core.cli.gimp_folders import find_gimps, find_refused
from u2studio.shared_core.errors import BadInput


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which GIMP 3.0 was started once."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    for name in ("XDG_CONFIG_HOME", "GIMP3_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".config/GIMP/3.0").mkdir(parents=True)
    return tmp_path


def _call(*words: str) -> Result:
    return CliRunner().invoke(gimp, list(words), standalone_mode=False)


def _ours(home: Path) -> Path:
    return home / ".config/GIMP/3.0/plug-ins/u2studio"


def test_install_puts_the_plug_in_in_and_says_what_to_do_next(home: Path) -> None:
    (home / ".config/GIMP/3.2").mkdir()
    result = _call("install")
    assert result.return_value == 0
    assert "Restart GIMP" in result.output
    for number in ("3.0", "3.2"):
        folder = home / f".config/GIMP/{number}/plug-ins/u2studio"
        assert str(folder) in result.output
        assert (folder / "u2studio.py").stat().st_mode & stat.S_IXUSR
        assert json.loads((folder / "installed.json").read_text())["version"] == __version__
    # GIMP takes every folder of plug-ins for a plug-in, and a link out of the folder is broken in a sandbox
    assert [path.name for path in _ours(home).parent.iterdir()] == ["u2studio"]
    assert sorted(path.name for path in (home / ".config/GIMP/3.0").iterdir()) == ["plug-ins"]
    assert not [path for path in _ours(home).rglob("*") if path.is_symlink() or path.name == "__pycache__"]


def test_the_recorded_command_starts_this_program(home: Path) -> None:
    _call("install")
    command = json.loads((_ours(home) / "installed.json").read_text())["command"]
    done = subprocess.run([*command, "--status"], cwd="/", capture_output=True, text=True, check=False, timeout=60, env={"XDG_RUNTIME_DIR": str(home)})
    assert done.returncode == 1
    assert "No worker is running" in done.stderr


def test_gimp_can_read_the_translations(home: Path) -> None:
    _call("install")
    with (_ours(home) / "locale/zh_CN/LC_MESSAGES/u2studio.mo").open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.gettext("Select a layer first.") == "请先选择一个图层。"
    assert texts.gettext("Cut the subject out of a photo.") != "Cut the subject out of a photo."
    assert texts.info()["language"] == "zh_CN"


def test_install_replaces_an_older_one(home: Path) -> None:
    _call("install")
    (_ours(home) / "u2gimp/gone.py").touch()
    (_ours(home) / "u2gimp/__pycache__").mkdir()
    assert _call("install").return_value == 0
    assert not (_ours(home) / "u2gimp/gone.py").exists()


def test_a_failed_install_leaves_the_old_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _call("install")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(BadInput, match="No space left"):
        gimp_folders.install(gimp_folders.Gimp(_ours(home).parent), "9.9")
    assert (_ours(home) / "u2studio.py").exists()
    assert sorted(path.name for path in (home / ".config/GIMP/3.0").iterdir()) == ["plug-ins"]


def test_a_folder_of_somebody_else_is_neither_replaced_nor_removed(home: Path) -> None:
    _ours(home).mkdir(parents=True)
    (_ours(home) / "mine.txt").touch()
    for command in ("install", "uninstall"):
        assert isinstance(_call(command).exception, BadInput)
    assert (_ours(home) / "mine.txt").exists()


def test_uninstall_takes_it_away_and_nothing_else(home: Path) -> None:
    _call("install")
    (_ours(home).parent / "another").mkdir()
    assert str(_ours(home)) in _call("uninstall").output
    assert [path.name for path in _ours(home).parent.iterdir()] == ["another"]
    assert "not installed" in _call("uninstall").output


@pytest.mark.parametrize("given", ["plugs", "3.4"])
def test_to_names_the_folder(home: Path, given: str) -> None:
    _call("install", "--to", str(home / given))
    assert (home / given / ("plug-ins/u2studio" if given == "3.4" else "u2studio") / "u2studio.py").exists()
    assert not _ours(home).exists()


class TestStatus:
    """Each thing that can be wrong is said, with what to do."""

    def test_all_is_well(self, home: Path) -> None:
        _call("install")
        result = _call("status")
        assert result.return_value == 0, result.output
        assert "Installed:" in result.output
        assert "not running" in result.output

    def test_not_installed(self, home: Path) -> None:
        assert "Not installed:" in _call("status").output

    @pytest.mark.parametrize(("harm", "words"), [
        (lambda ours: (ours / "installed.json").unlink(), "copied by hand"),
        (lambda ours: (ours / "installed.json").write_text("{}"), "copied by hand"),
        (lambda ours: (ours / "installed.json").write_text('{"version": "0.0.1", "command": ["/usr/bin/env", "/", "worker"]}'), "of version 0.0.1"),
        (lambda ours: (ours / "u2gimp/job.py").write_text(""), "were changed"),
        (lambda ours: (ours / "u2studio.py").chmod(0o644), "may not be executed"),
        (lambda ours: (ours / "installed.json").write_text(json.dumps({"version": __version__, "command": ["/gone/python", "/gone", "worker"]})), "is gone"),
    ])  # fmt: skip
    def test_what_is_wrong(self, home: Path, harm, words: str) -> None:
        _call("install")
        harm(_ours(home))
        result = _call("status")
        assert result.return_value == 1
        assert words in result.output
        assert "u2studio gimp install" in result.output


@pytest.mark.parametrize(("platform", "folder"), [
    ("linux", ".config/GIMP/3.0"), ("darwin", "Library/Application Support/GIMP/3.0"), ("win32", "AppData/Roaming/GIMP/3.0"),
])  # fmt: skip
def test_where_gimp_keeps_its_plug_ins(tmp_path: Path, platform: str, folder: str) -> None:
    for name in (folder, str(Path(folder).parent / "2.10"), str(Path(folder).parent / "3.x-old")):
        (tmp_path / name).mkdir(parents=True)
    assert [one.plug_ins for one in find_gimps(tmp_path, {}, platform)] == [tmp_path / folder / "plug-ins"]


def test_variables_move_the_folders(tmp_path: Path) -> None:
    (tmp_path / "config/GIMP/3.0").mkdir(parents=True)
    assert [one.plug_ins for one in find_gimps(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "config")}, "linux")] == [tmp_path / "config/GIMP/3.0/plug-ins"]
    assert [one.plug_ins for one in find_gimps(tmp_path, {"GIMP3_DIRECTORY": "/elsewhere"}, "linux")] == [Path("/elsewhere/plug-ins")]


def test_flatpak_is_found_and_told_about_its_sandbox(home: Path) -> None:
    folder = home / ".var/app/org.gimp.GIMP/config/GIMP/3.2"
    folder.mkdir(parents=True)
    result = _call("install")
    assert (folder / "plug-ins/u2studio/u2studio.py").exists()
    assert "u2studio worker" in result.output
    assert "flatpak override" in result.output


def test_snap_and_gimp_2_are_refused_with_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / ".config/GIMP/3.0")
    (home / ".config/GIMP/2.10").mkdir()
    (home / "snap/gimp/current").mkdir(parents=True)
    assert [error.sentence.split()[0:4] for error in find_refused(home, {}, "linux")] == [["GIMP", "2", "is", "here"], ["The", "Snap", "of", "GIMP"]]
    result = _call("install")
    assert isinstance(result.exception, BadInput)
    assert "--to DIR" in str(result.exception)
    assert "Snap" in result.output + capsys.readouterr().err


def test_it_speaks_chinese(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LANGUAGE", "zh_CN")
    assert "请重新启动 GIMP" in _call("install").output
