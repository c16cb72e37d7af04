"""Messages come out as they went in, and nothing else is taken for one."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import struct
import threading
from pathlib import Path

import pytest

from u2studio.shared_core.worker import protocol
from u2studio.shared_core.worker.protocol import Plane, ProtocolError, admit, introduce, receive, send

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ends():
    one, other = multiprocessing.Pipe()
    with one, other:
        yield one, other


@pytest.mark.parametrize("plane", [
    Plane("image", "u8", (3, 5, 3), bytes(range(45))),
    Plane("alpha", "u16", (2, 2), struct.pack("4H", 0, 1, 40000, 65535)),
    Plane("image", "f32", (1, 1, 4), struct.pack("4f", -0.5, 0.0, 1.0, 7.25)),
], ids=lambda plane: plane.type)  # fmt: skip
def test_a_message_comes_out_as_it_went_in(ends, plane: Plane) -> None:
    send(ends[0], {"do": "run", "text": "抠图 ✓"}, [plane])
    send(ends[0], {"do": "status"})
    header, planes = receive(ends[1])
    assert header == {"do": "run", "text": "抠图 ✓"}
    assert (planes[plane.name].type, planes[plane.name].shape, bytes(planes[plane.name].data)) == (plane.type, plane.shape, plane.data)
    assert receive(ends[1]) == ({"do": "status"}, {})


def test_a_48_megapixel_plane_arrives_whole(ends) -> None:
    data = bytes(range(256)) * (6000 * 8000 * 3 // 256)
    sender = threading.Thread(target=send, args=(ends[0], {}, [Plane("image", "u8", (6000, 8000, 3), data)]))
    sender.start()
    _, planes = receive(ends[1])
    sender.join()
    assert planes["image"].data == data


MALFORMED = {
    "no JSON": b"\x80\x04\x95\x10",
    "a pickle": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "not an object": b"[]",
    "no planes": b"{}",
    "planes no list": b'{"planes": {}}',
    "nested too deep": b"[" * 100_000,
    "NaN": b'{"planes": [], "x": NaN}',
    "a number without end": b'{"planes": [], "x": ' + b"9" * 10_000 + b"}",
    **{f"plane {row}": json.dumps({"planes": row}).encode() for row in (
        [1], [[]], [["image", "u8"]], [["image", "u8", [1, 1], 1]], [["Image", "u8", [1, 1]]], [["../x", "u8", [1, 1]]], [[None, "u8", [1, 1]]],
        [["image", "f64", [1, 1]]], [["image", ["u8"], [1, 1]]], [["image", "u8", [0, 1]]], [["image", "u8", [-1, 1]]], [["image", "u8", [1.5, 1]]],
        [["image", "u8", [True, 1]]], [["image", "u8", [1]]], [["image", "u8", [1, 1, 5]]], [["image", "u8", [1, 1, 1, 1]]], [["image", "u8", "11"]],
        [["image", "u8", [1 << 20, 1]]], [["image", "f32", [1 << 19, 1 << 19]]], [["image", "u8", [1, 1]], ["image", "u8", [1, 1]]],
        [[f"p{index}", "u8", [1, 1]] for index in range(9)],
    )},
}  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_is_refused_before_any_plane_is_read(ends, text: bytes) -> None:
    ends[0].send_bytes(text)
    with pytest.raises(ProtocolError):
        receive(ends[1])


@pytest.mark.parametrize("announced", [struct.pack("!i", protocol.HEADER_LIMIT + 1), struct.pack("!iQ", -1, 1 << 60)], ids=["a megabyte", "an exabyte"])
def test_a_header_beyond_the_limit_is_refused_unread(ends, announced: bytes) -> None:
    os.write(ends[0].fileno(), announced)
    with pytest.raises(OSError, match="bad message length"):
        receive(ends[1])


def test_half_a_plane_is_the_end_of_the_connection(ends) -> None:
    ends[0].send_bytes(b'{"planes": [["image", "u8", [10, 10, 3]]]}')
    ends[0].send_bytes(b"x" * 20)
    ends[0].close()
    with pytest.raises(EOFError):
        receive(ends[1])


@pytest.mark.parametrize("size", [10, 12])
def test_a_plane_that_is_not_as_long_as_its_shape_is_not_sent(ends, size: int) -> None:
    with pytest.raises(ProtocolError, match="its shape says 11"):
        send(ends[0], {}, [Plane("alpha", "u8", (1, 11), bytes(size))])
    assert not ends[1].poll(0)


def test_both_sides_prove_that_they_have_the_key(ends) -> None:
    server = threading.Thread(target=admit, args=(ends[0], b"key"))
    server.start()
    introduce(ends[1], b"key")
    server.join()
    send(ends[0], {"hello": 1})
    assert receive(ends[1])[0] == {"hello": 1}


@pytest.mark.parametrize(("server", "client"), [(admit, introduce), (introduce, admit)], ids=["a client without the key", "a server without the key"])
def test_another_key_is_refused(ends, server, client) -> None:
    errors = []

    def other_side() -> None:
        try:
            server(ends[0], b"right")
        except ProtocolError as error:
            errors.append(error)
        ends[0].close()

    thread = threading.Thread(target=other_side)
    thread.start()
    with pytest.raises(ProtocolError, match="handshake"):
        client(ends[1], b"wrong")
    thread.join()
    assert errors


def test_a_silent_other_side_is_given_up(ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PATIENCE", 0.2)
    with pytest.raises(ProtocolError, match="handshake"):
        admit(ends[0], b"key")


def test_nothing_is_ever_pickled() -> None:
    files = [*(ROOT / "shared_core" / "worker").glob("*.py"), *(ROOT / "gimp_plugin").rglob("*.py")]
    assert len(files) > 10
    for path in files:
        code = path.read_text(encoding="utf-8")
        # a Connection's own recv and send pickle; those of the raw socket under it move bytes
        assert not re.search(r"^\s*(import|from) pickle|(?<!\braw)\.(recv|send)\(", code, re.MULTILINE), path
