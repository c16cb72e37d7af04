"""A result is there whole, or what was there before is."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import Metadata, find_pictures, format_for, read_picture, remove_leftovers, write_picture
from u2studio.shared_core.imaging.files import write as write_module

from .making import exif, matrix_profile, noise

SUFFIXES = [".png", ".jpg", ".webp", ".tif", ".bmp"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_replaced_unasked(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"a{suffix}"
    target.write_bytes(b"precious")
    with pytest.raises(BadInput, match=r"a\.\w+ is already there.*--overwrite"):
        write_picture(target, noise())
    assert target.read_bytes() == b"precious"
    write_picture(target, noise(), overwrite=True)
    assert read_picture(target).width == 41


def test_a_file_beside_it_is_not_replaced_either(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.json").write_bytes(b"precious")
    with pytest.raises(BadInput, match=r"a\.jpg\.json is already there"):
        write_picture(tmp_path / "a.jpg", noise(), provenance={})
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg.json"]


def test_a_link_that_leads_nowhere_is_something(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(BadInput, match="already there"):
        write_picture(tmp_path / "a.png", noise())


class _FullDisk(io.BufferedWriter):
    room = 1000

    def write(self, data: object) -> int:
        self.room -= memoryview(data).nbytes  # pyright: ignore[reportArgumentType]
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("before", [None, b"precious"])
def test_a_full_disk(suffix: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / f"a{suffix}"
    if before:
        target.write_bytes(before)
    monkeypatch.setattr(Path, "open", lambda path, mode: _FullDisk(io.FileIO(path, mode)))
    with pytest.raises(BadInput, match=r"a\.\w+ could not be written: No space left on device\."):
        write_picture(target, noise(200, 200), overwrite=True, provenance={})
    monkeypatch.undo()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == ([(target.name, before)] if before else [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_pipe(suffix: str) -> None:
    with pytest.raises(BadInput, match="No space left on device"), open("/dev/full", "wb", buffering=0) as stream:  # noqa: PTH123
        write_picture(stream, noise(2, 2), stream_name=f"-{suffix}")


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BadInput, match="file is a file; results need a folder"):
        write_picture(tmp_path / "file" / "a.png", noise())
    with pytest.raises(BadInput, match=r"folder\.png is a folder"):
        write_picture(tmp_path / "folder.png", noise(), overwrite=True)
    with pytest.raises(BadInput, match="could not be written: File name too long"):
        write_picture(tmp_path / ("x" * 300 + ".png"), noise())
    with pytest.raises(BadInput, match="could not be written"):
        write_picture(tmp_path / "a\0b.png", noise())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="could not be written: Permission denied"):
        write_picture(tmp_path / "a.png", noise())


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_transparency_is_not_dropped_silently(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"hold no transparency\. Write PNG"):
        write_picture(tmp_path / f"a{suffix}", noise(channels=4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.gif", "a.png.bak", "png"])
def test_unknown_suffixes_name_the_known_ones(name: str) -> None:
    with pytest.raises(BadInput, match=r"\.png, \.jpg, \.webp, \.tif"):
        format_for(name)


def test_folders_are_made_and_permissions_are_the_users(tmp_path: Path) -> None:
    target = tmp_path / "new" / "deep" / "a.png"
    write_picture(target, noise())
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write_module, "write_png", stop)
    with pytest.raises(KeyboardInterrupt):
        write_picture(tmp_path / "a.png", noise())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_kill_leaves_what_was_there(tmp_path: Path) -> None:
    """A killed process cannot tidy up: its unfinished file is hidden from listings, and removed when it is old."""
    target = tmp_path / "a.png"
    write_picture(target, noise(), provenance={"run": 1})
    before = target.read_bytes()
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from u2studio.shared_core.imaging.files.whole import whole_file
        def half(stream):
            stream.write(b"half"); stream.flush(); print("half", flush=True); time.sleep(60)
        whole_file(Path(sys.argv[1]), half)
    """)
    with subprocess.Popen([sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert target.read_bytes() == before
    leftover = [path for path in tmp_path.iterdir() if path != target]
    assert len(leftover) == 1
    assert [found.name for found in find_pictures([str(tmp_path)])] == [str(target)]
    remove_leftovers(tmp_path)
    assert leftover[0].exists()  # it might be another process's, still at work
    long_ago = time.time() - 7200
    os.utime(leftover[0], (long_ago, long_ago))
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("suffix", "width"), [(".webp", 20_000), (".jpg", 70_000)])
def test_sizes_a_format_cannot_hold(suffix: str, width: int, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"files hold at most \d+ pixels along a side"):
        write_picture(tmp_path / f"a{suffix}", np.zeros((2, width, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_descriptions_a_format_cannot_hold_are_left_out(tmp_path: Path) -> None:
    long = Metadata(exif=exif([(0x010E, 2, 70_000, b"x" * 70_000)]), xmp=b"<x/>" * 20_000, icc=matrix_profile() + bytes(200_000))
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        write_picture(tmp_path / f"a{suffix}", noise(), metadata=long)
        kept = read_picture(tmp_path / f"a{suffix}").metadata
        assert (kept.exif is None) == (suffix == ".jpg")
        assert (kept.xmp is None) == (suffix == ".jpg")
        assert kept.icc == long.icc


def test_pixels_given_are_not_changed(tmp_path: Path) -> None:
    for pixels in (noise(), noise(dtype=np.uint16), noise().astype(np.float32) / 255):
        before = pixels.copy()
        for suffix in SUFFIXES:
            write_picture(tmp_path / f"a{suffix}", pixels, depth=16, overwrite=True)
        np.testing.assert_array_equal(pixels, before)


def test_strided_pixels_are_written_as_they_look(tmp_path: Path) -> None:
    pixels = noise(40, 50, 4)[::2, ::-3]
    for suffix in (".png", ".tif"):
        write_picture(tmp_path / f"a{suffix}", pixels)
        np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}").pixels, pixels)
