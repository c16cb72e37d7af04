"""What the worker and its clients say to each other. Standard library only; the GIMP plug-in ships a byte copy of this file.

A message is one frame of JSON, an object, and the planes it announces: `"planes": [[name, type, shape], …]`, whose bytes follow as they are. Nothing is ever
pickled: `Connection.send` and `Connection.recv` must not be used on these connections.

    server → hello     {"protocol": 1, "version": "0.1.0"}
    client → run       {"do": "run", "operation": "matte", "params": {…}, "wanted": {"alpha": "u8"}, "language": "zh_CN"}    + planes
             status    {"do": "status"}
             stop      {"do": "stop"}
    server → progress  {"event": "progress", "done": 1, "total": 4, "note": "…"}                            any number of them
             done      {"event": "done", "figures": {…}, "provenance": {…}, "seconds": 1.2, "notices": ["…"]}                + planes
             status    {"event": "status", …}
             error     {"event": "error", "kind": "BadInput", "text": "…"}                                  in the language asked for

A client asks one thing at a time. When it goes away, its job stops: the end of the connection is the only way to cancel.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Union

__all__ = ["PATIENCE", "TYPES", "VERSION", "Bytes", "Plane", "ProtocolError", "admit", "introduce", "receive", "send"]

VERSION = 1
TYPES = {"u8": 1, "u16": 2, "f32": 4}
"""type of a plane's numbers → bytes each. u8: 0…255; u16: 0…65535; f32: 0…1. In the machine's own byte order: both ends are on it."""

HEADER_LIMIT = 1 << 20
PLANES_LIMIT = 8
SIDE_LIMIT = 1 << 19
BYTES_LIMIT = 4 << 30
SEND_BUFFER = 4 << 20
"""bytes on their way, as far as the system allows: both sides then wake each other less often"""
PATIENCE = 5.0
"""seconds the other side has for each step of the handshake"""

Bytes = Union[bytes, bytearray, memoryview]


class ProtocolError(Exception):
    """The other side said something that is no message of ours."""


@dataclass(frozen=True)
class Plane:
    """Pixels: `shape` is (height, width) or (height, width, channels), `data` rows from the top, without gaps."""

    name: str
    type: str
    shape: tuple[int, ...]
    data: Bytes


def send(connection: Connection, header: dict[str, object], planes: Sequence[Plane] = ()) -> None:
    """Send one message. Raises: ProtocolError, when it breaks a limit; OSError, when the other side is gone."""
    announced = [[plane.name, plane.type, list(plane.shape)] for plane in planes]
    text = json.dumps({**header, "planes": announced}, allow_nan=False).encode()
    if len(text) > HEADER_LIMIT:
        raise ProtocolError(f"a header of {len(text)} bytes")
    sizes = _checked_sizes(announced)
    for plane, size in zip(planes, sizes, strict=True):
        if memoryview(plane.data).nbytes != size:
            raise ProtocolError(f"plane {plane.name} holds {memoryview(plane.data).nbytes} bytes, its shape says {size}")
    connection.send_bytes(text)
    with _socket_of(connection) as raw:
        if planes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        for plane in planes:
            raw.sendall(memoryview(plane.data).cast("B"))


def receive(connection: Connection) -> tuple[dict[str, object], dict[str, Plane]]:
    """Receive one message: its header, and its planes by name.

    Raises: ProtocolError, when it is no message; EOFError or OSError, when the other side is gone.
    """
    header = _parsed(connection.recv_bytes(HEADER_LIMIT))
    announced = header.pop("planes", None)
    if not isinstance(announced, list):
        raise ProtocolError("no list of planes")
    sizes = _checked_sizes(announced)
    planes = {}
    with _socket_of(connection) as raw:  # straight into place: `recv_bytes` would copy every byte three times more
        for (name, kind, shape), size in zip(announced, sizes, strict=True):
            planes[name] = Plane(name, kind, tuple(shape), _received(raw, size))
    return header, planes


def _received(raw: socket.socket, size: int) -> bytes:
    """So many bytes. Bytes, because GIMP takes them at once and any other buffer byte by byte, in thirty times the time. Raises: EOFError, OSError.

    Memory is the system's untouched pages until something comes: what is only announced costs nothing.
    """
    parts: list[bytes] = []
    while size:
        part = raw.recv(size, socket.MSG_WAITALL)  # all at once, but for a signal, an end, or more than the system takes in a call
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _parsed(text: bytes) -> dict[str, object]:
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a header that is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise ProtocolError("a header that is no object")
    return header


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _checked_sizes(announced: Sequence[object]) -> list[int]:
    """Bytes of each announced plane. Raises: ProtocolError."""
    sizes, names = [], set()
    for one in announced:
        if not isinstance(one, list) or len(one) != 3:
            raise ProtocolError("a plane that is not [name, type, shape]")
        name, kind, shape = one
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]{0,63}", name) or name in names:
            raise ProtocolError("a plane without a name of its own")
        if not isinstance(kind, str) or kind not in TYPES:
            raise ProtocolError("a plane of an unknown type")
        sides = isinstance(shape, list) and len(shape) in (2, 3) and all(type(side) is int and 0 < side <= SIDE_LIMIT for side in shape)
        if not sides or (len(shape) == 3 and shape[2] > 4):
            raise ProtocolError("a plane that is not height × width or height × width × channels")
        names.add(name)
        sizes.append(math.prod(shape) * TYPES[kind])
    if len(sizes) > PLANES_LIMIT or sum(sizes) > BYTES_LIMIT:
        raise ProtocolError(f"{len(sizes)} planes of {sum(sizes)} bytes together")
    return sizes


def admit(connection: Connection, key: bytes) -> None:
    """The server's part of the handshake. Raises: ProtocolError, when the client has not the key or is silent for `PATIENCE`."""
    _shake_hands(connection, key, (deliver_challenge, answer_challenge))


def introduce(connection: Connection, key: bytes) -> None:
    """The client's part of the handshake. Raises: ProtocolError, when the server has not the key or is silent for `PATIENCE`."""
    _shake_hands(connection, key, (answer_challenge, deliver_challenge))


def _shake_hands(connection: Connection, key: bytes, steps: tuple) -> None:
    _limit_waiting(connection, PATIENCE)
    try:
        for step in steps:
            step(connection, key)
        _limit_waiting(connection, 0)
    except (AuthenticationError, AssertionError, EOFError, OSError, ValueError) as error:
        raise ProtocolError(f"no handshake: {error or type(error).__name__}") from error


def _limit_waiting(connection: Connection, seconds: float) -> None:
    """Let reads and writes fail after that long; 0 lets them wait for ever."""
    limit = int(seconds * 1000) if sys.platform == "win32" else struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
    with _socket_of(connection) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


@contextlib.contextmanager
def _socket_of(connection: Connection) -> Iterator[socket.socket]:
    """The socket under a connection, which stays the connection's own."""
    raw = socket.socket(fileno=connection.fileno())
    try:
        yield raw
    finally:
        raw.detach()
