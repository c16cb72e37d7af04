"""Several clients, cancelled jobs, strangers, and noise."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
from pathlib import Path

import pytest

from u2studio.shared_core.texts import translate
from u2studio.shared_core.worker import protocol
from u2studio.shared_core.worker.client import Client, WorkerError
from u2studio.shared_core.worker.places import Address, own_folder
from u2studio.shared_core.worker.protocol import Plane, receive, send

from .conftest import inverted, notes, picture, reached, wait_until
from .test_protocol import MALFORMED


def _steps(client: Client, steps: int, seconds: float, name: str = "") -> None:
    client.run("steps", {"steps": steps, "seconds": seconds, "name": name}, [picture()], {"image": "u8"})


def _notes(runtime: Path) -> list[str]:
    return (runtime / "notes").read_text().splitlines() if (runtime / "notes").exists() else []


def _ask(connection, operation: str, **params: object) -> None:
    send(connection, {"do": "run", "operation": operation, "params": params, "wanted": {"image": "u8"}}, [picture()])


def test_progress_arrives_in_the_language_asked_for(client: Client) -> None:
    client.language = "zh_CN"
    _steps(client, 3, 0.1)
    note = translate("Finding the subject", "zh_CN")
    assert notes(client).steps == [(0, 3, note), (1, 3, note), (2, 3, note)]


def test_an_error_of_a_job_is_the_jobs_alone(client: Client) -> None:
    first = inverted(client)
    with pytest.raises(WorkerError, match="no_such_thing"):
        client.run("no_such_thing", {}, [picture()], {"image": "u8"})
    assert inverted(client) == first


def test_the_end_of_a_connection_cancels_its_job(client: Client, runtime: Path) -> None:
    first = inverted(client)
    connection = reached(client)
    _ask(connection, "steps", steps=1000, seconds=0.05)
    receive(connection)
    connection.close()
    left = time.time()
    wait_until(lambda: _notes(runtime))
    assert float(_notes(runtime)[0].split()[-1]) < left + 0.3
    assert inverted(client) == first


def test_a_waiting_job_whose_client_left_never_begins(client: Client, runtime: Path) -> None:
    inverted(client)
    working, waiting = reached(client), reached(client)
    _ask(working, "steps", steps=10, seconds=0.05, name="working")
    receive(working)
    _ask(waiting, "steps", steps=1, seconds=0.0, name="waiting")
    waiting.close()
    while receive(working)[0]["event"] != "done":
        pass
    inverted(client)
    assert [note.split()[0] for note in _notes(runtime)] == ["working"]


def test_who_asks_again_stands_behind_those_who_wait(client: Client, runtime: Path) -> None:
    inverted(client)

    def greedy() -> None:
        for index in range(4):
            _steps(Client(client.command), 5, 0.05, f"greedy{index}")

    thread = threading.Thread(target=greedy)
    thread.start()
    time.sleep(0.1)
    _steps(client, 1, 0.0, "patient")
    thread.join()
    assert [note.split()[0] for note in _notes(runtime)][:3] == ["greedy0", "patient", "greedy1"]


def test_a_client_that_does_not_read_holds_up_nobody(client: Client) -> None:
    inverted(client)
    stuck = reached(client)
    send(stuck, {"do": "run", "operation": "invert", "params": {}, "wanted": {"image": "u8"}}, [Plane("image", "u8", (2000, 2000, 3), bytes(12_000_000))])
    time.sleep(0.2)
    started = time.monotonic()
    inverted(client)
    assert time.monotonic() - started < 2.0
    stuck.close()


def test_a_client_that_talks_while_its_job_runs_is_sent_away(client: Client, runtime: Path) -> None:
    first = inverted(client)
    connection = reached(client)
    _ask(connection, "steps", steps=1000, seconds=0.05)
    send(connection, {"do": "status"})
    with pytest.raises((EOFError, OSError)):
        _receive_all(connection)
    wait_until(lambda: _notes(runtime))
    assert inverted(client) == first


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_connect(client: Client) -> None:
    inverted(client)
    address = Address.read(own_folder())
    assert address is not None
    child = os.fork()
    if child == 0:
        verdict = 0
        try:
            os.setgid(65534)
            os.setuid(65534)
            for attempt in (
                (own_folder() / "worker.json").read_bytes,
                lambda: list(own_folder().iterdir()),
                lambda: socket.socket(socket.AF_UNIX).connect(str(address.place)),
            ):
                with contextlib.suppress(PermissionError):
                    attempt()
                    verdict = 1
        except BaseException:
            verdict = 2
        os._exit(verdict)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_address_and_key_are_the_users_alone(client: Client) -> None:
    inverted(client)
    modes = {path.name: path.lstat().st_mode & 0o777 for path in [own_folder(), *own_folder().iterdir()]}
    assert modes["u2studio"] == 0o700
    assert modes["worker.json"] == modes["socket"] == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_used(client: Client, runtime: Path) -> None:
    own_folder().mkdir()
    os.chown(own_folder(), 65534, 65534)
    with pytest.raises(WorkerError, match="not a folder of this user"):
        inverted(client)


def test_ten_to_the_six_bytes_of_noise_reach_no_job(client: Client, runtime: Path) -> None:
    """Before the handshake: random bytes. After it: malformed headers, good headers with flipped bits, planes cut short."""
    first = inverted(client)
    address = Address.read(own_folder())
    assert address is not None
    noise = random.Random(5)
    spent = 0
    while spent < 400_000:
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(address.place))
            block = noise.randbytes(noise.choice((1, 3, 40, 300, 5000)))
            if noise.random() < 0.5:  # a length the server believes, so that the noise is read as a frame
                block = len(block).to_bytes(4, "big") + block
            spent += _shout(stranger, block)
    good = b'{"do": "run", "operation": "steps", "params": {"steps": 1, "seconds": 0}, "wanted": {"image": "u8"}, "planes": [["image", "u8", [20, 30, 3]]]}'
    malformed = [text for text in MALFORMED.values() if len(text) < 5000]
    while spent < 1_000_000:
        with reached(client) as connection:
            match noise.randrange(3):
                case 0:
                    header, rest = noise.choice(malformed), noise.randbytes(1800)
                case 1:  # a flipped top bit makes a letter into something that is no UTF-8
                    flipped = bytearray(good)
                    for _ in range(noise.randrange(1, 6)):
                        flipped[noise.randrange(len(good))] |= 0x80
                    header, rest = bytes(flipped), noise.randbytes(1800)
                case _:
                    header, rest = good, noise.randbytes(noise.randrange(1800))
            with protocol._socket_of(connection) as raw:
                spent += _shout(raw, len(header).to_bytes(4, "big") + header + rest)
    assert inverted(client) == first
    assert _notes(runtime) == []


def _shout(stranger: socket.socket, block: bytes) -> int:
    with contextlib.suppress(OSError):  # sent away in the middle of it
        stranger.sendall(block)
    return len(block)


def _receive_all(connection) -> None:
    while True:
        receive(connection)
