"""Downloads from a server on this machine that misbehaves in every way we know of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput, Cancelled
from u2studio.shared_core.models import download as module
from u2studio.shared_core.models.download import addresses, download
from u2studio.shared_core.progress import silent

CONTENT = bytes(range(256)) * 12_000
"""3 MB"""
HALF = len(CONTENT) // 2


class _Server(BaseHTTPRequestHandler):
    """The path says how to misbehave."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    release: threading.Event

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range", "")))
        getattr(self, f"_{self.path.split('?')[0].rsplit('/', 1)[-1]}")()
        self.close_connection = True

    def _send(self, content: bytes, *, claimed: int | None = None, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Type": "application/octet-stream", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content) if claimed is None else claimed))
        self.end_headers()
        self.wfile.write(content)

    def _from(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])

    def _rest(self, upto: int) -> None:
        start = self._from()
        status = 206 if start else 200
        self._send(CONTENT[start:upto], claimed=len(CONTENT) - start, status=status, Content_Range=f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")

    def _whole(self) -> None:
        self._rest(len(CONTENT))

    def _cut(self) -> None:
        self._rest(len(CONTENT) if self._from() else HALF)

    def _cutforever(self) -> None:
        self._send(b"", claimed=len(CONTENT))

    def _deaf(self) -> None:
        """Knows no ranges, and is cut the first time."""
        first = len(self.asked) == 1
        self._send(CONTENT[:HALF] if first else CONTENT, claimed=len(CONTENT))

    def _stall(self) -> None:
        self._rest(self._from() + 100)
        self.wfile.flush()
        self.release.wait(20)

    def _html(self) -> None:
        self._send(b"<!DOCTYPE html><p>Google Drive can't scan this file for viruses.", Content_Type="text/html; charset=utf-8")

    def _missing(self) -> None:
        self._send(b"", status=404)

    def _busy(self) -> None:
        self._send(b"", status=503) if len(self.asked) < 3 else self._whole()

    def _away(self) -> None:
        self._send(b"", status=302, Location="/whole")

    def _longer(self) -> None:
        self._send(CONTENT + b"more")

    def _endless(self) -> None:
        """No length, and more than there should be."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(CONTENT + CONTENT)

    def _unsatisfiable(self) -> None:
        self._send(b"", status=416) if self._from() else self._whole()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    _Server.asked, _Server.release = [], threading.Event()
    running = _Quiet(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    for name, value in (("STALL", 0.3), ("PAUSE", 0.01)):
        monkeypatch.setattr(module, name, value)
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    yield f"http://127.0.0.1:{running.server_port}"
    _Server.release.set()
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("path", ["whole", "cut", "deaf", "busy", "away"])
@pytest.mark.parametrize("size", [len(CONTENT), 0], ids=["size known", "size unknown"])
def test_the_file_arrives_whole(server: str, tmp_path: Path, path: str, size: int) -> None:
    told: list[tuple[int, int]] = []
    download(f"{server}/{path}", tmp_path / "x", lambda done, total, note: told.append((done, total)), size)
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert all(done <= total for done, total in told)
    assert {total for done, total in told if done == len(CONTENT)} == {len(CONTENT)}


def test_a_cut_line_is_continued_where_it_was_cut(server: str, tmp_path: Path) -> None:
    download(f"{server}/cut", tmp_path / "x", silent, len(CONTENT))
    assert [asked for _, asked in _Server.asked] == ["", f"bytes={HALF}-"]


def test_what_an_earlier_run_left_is_continued(server: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT[:1000])
    download(f"{server}/whole", tmp_path / "x", silent)
    assert _Server.asked == [("/whole", "bytes=1000-")]
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_server_that_refuses_the_rest_is_asked_for_the_whole(server: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT[:1000])
    download(f"{server}/unsatisfiable", tmp_path / "x", silent)
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_whole_file_is_not_asked_for_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    download(f"{server}/whole", tmp_path / "x", silent, len(CONTENT))
    assert not _Server.asked


def test_cancelling_keeps_what_came(server: str, tmp_path: Path) -> None:
    def stop(done: int, total: int, note: str) -> None:
        if done > HALF:
            raise Cancelled

    with pytest.raises(Cancelled):
        download(f"{server}/whole", tmp_path / "x", stop, len(CONTENT))
    came = (tmp_path / "x").read_bytes()
    assert HALF < len(came) < len(CONTENT)
    assert CONTENT.startswith(came)


@pytest.mark.parametrize(
    ("path", "size", "sentence"),
    [
        ("stall", 0, "cannot be fetched: .*timed out"),
        ("cutforever", 0, "cannot be fetched"),
        ("html", 0, r"is a web page, not a model.*--from FILE"),
        ("missing", 0, "cannot be fetched: HTTP 404"),
        ("longer", len(CONTENT), f"has {len(CONTENT) + 4} bytes where {len(CONTENT)} are due"),
        ("whole", 17, f"has {len(CONTENT)} bytes where 17 are due"),
        ("endless", len(CONTENT), f"bytes where {len(CONTENT)} are due"),
    ],
)
def test_what_does_not_arrive_is_named(server: str, tmp_path: Path, path: str, size: int, sentence: str) -> None:
    with pytest.raises(BadInput, match=rf"{server}/{path} {sentence}|{server}/{path} has .*{sentence}"):
        download(f"{server}/{path}", tmp_path / "x", silent, size)


def test_nobody_there(tmp_path: Path, server: str) -> None:
    with pytest.raises(BadInput, match="cannot be fetched"):
        download("http://127.0.0.1:9/x", tmp_path / "x", silent)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "http://", "https://[::1/x"])
def test_addresses_that_are_none(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    with pytest.raises(BadInput, match="cannot be fetched"):
        download(url, tmp_path / "x", silent)


def test_a_target_that_cannot_be_written(server: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        download(f"{server}/whole", tmp_path / "none" / "x", silent)


def test_the_proxy_of_the_environment_is_used(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server)
    download("http://models.invalid/whole", tmp_path / "x", silent)
    assert _Server.asked == [("http://models.invalid/whole", "")]
    assert (tmp_path / "x").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("mirror", "expected"),
    [
        ("", []),
        ("https://m.example/models/", ["https://m.example/models/u2net.pth"]),
        ("https://proxy.example/{url}", ["https://proxy.example/https://a.example/1"]),
        ("https://m.example/get?name={file}", ["https://m.example/get?name=u2net.pth"]),
    ],
)
def test_the_mirror_comes_first(monkeypatch: pytest.MonkeyPatch, mirror: str, expected: list[str]) -> None:
    monkeypatch.setenv("U2STUDIO_MIRROR", mirror)
    assert addresses("https://a.example/1", "u2net.pth") == (*expected, "https://a.example/1")
