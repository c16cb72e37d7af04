"""Whatever lies where a picture should be, or happens to it while it waits, one sentence says so and nothing waits for ever."""

from __future__ import annotations

import errno
import io
import os
import socket
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import OutputNames, find_pictures, read_picture, write_picture

from .making import whole_files

pytestmark = pytest.mark.timeout(30)
PNG = whole_files()["png"]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no file .*gone\.png\."):
        read_picture(tmp_path / "gone.png")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder, not a picture"):
        read_picture(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_nobody_writes_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadInput, match=r"pipe\.png is not a file but a device, pipe or socket"):
        read_picture(tmp_path / "pipe.png")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_device_without_end() -> None:
    with pytest.raises(BadInput, match="/dev/zero is not a file"):
        read_picture("/dev/zero")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in the file system")
def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        with pytest.raises(BadInput, match="is not a file"):
            read_picture("s.png")


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 5000 + ".png", "file/below.png"])
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput) as raised:
        read_picture(tmp_path / name)
    assert str(raised.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read anything")
def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(BadInput, match="could not be read: Permission denied"):
        read_picture(tmp_path / "a.png")


def test_a_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(PNG)

    class Failing(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "open", lambda *_: Failing())
    with pytest.raises(BadInput, match=r"a\.png could not be read: Input/output error\."):
        read_picture(tmp_path / "a.png")
    with pytest.raises(BadInput, match="could not be read: Input/output error"):
        read_picture(Failing(), name="standard input")


def test_a_stream_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U2STUDIO_MAX_MEGAPIXELS", "0.5")
    with Path("/dev/zero").open("rb") as stream, pytest.raises(BadInput, match="does not end: it holds more than 8000000 bytes"):
        read_picture(stream)


def test_an_empty_stream() -> None:
    with pytest.raises(BadInput, match=r"standard input is empty: it holds zero bytes"):
        read_picture(io.BytesIO(), name="standard input")


def test_a_folder_that_changes_while_it_is_worked_through(tmp_path: Path) -> None:
    """Files are removed, replaced by folders, emptied and cut after they were listed. Each says so; the others are done."""
    for name in "abcdefg":
        (tmp_path / f"{name}.png").write_bytes(PNG)
    names = OutputNames(tmp_path / "out")
    endings = {}
    for found in find_pictures([str(tmp_path)], leave_out=tmp_path / "out"):
        assert found.path is not None
        if found.path.name == "a.png":
            (tmp_path / "b.png").unlink()
            (tmp_path / "c.png").write_bytes(b"")
            (tmp_path / "d.png").write_bytes(PNG[:60])
            (tmp_path / "e.png").unlink()
            (tmp_path / "e.png").mkdir()
            (tmp_path / "h.png").write_bytes(PNG)  # too late: the folder is listed
        try:
            picture = read_picture(found.path)
            write_picture(names.path_for(found), picture.own, metadata=picture.metadata)
            endings[found.path.stem] = "done"
        except BadInput as error:
            endings[found.path.stem] = str(error).split(" ", 3)[-1] if "There is no" in str(error) else str(error).split(".png ")[1]
    assert {name: endings[name] for name in "afg"} == dict.fromkeys("afg", "done")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "f.png", "g.png"]
    assert endings["b"].startswith("file")
    assert endings["c"].startswith("is empty")
    assert endings["d"].startswith("is damaged")
    assert endings["e"].startswith("is a folder")
    assert "h" not in endings
