"""The worker comes when it is called, stays, goes when nobody needs it, and is replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from u2studio.shared_core.worker import client as client_module
from u2studio.shared_core.worker import places
from u2studio.shared_core.worker.client import Client, WorkerError
from u2studio.shared_core.worker.places import Address, own_folder
from u2studio.shared_core.worker.protocol import Plane

from .conftest import FAKE, Notes, gone, inverted, notes, picture, reached, status, wait_until, with_signal


def test_the_first_call_starts_it_and_later_calls_find_it(client: Client) -> None:
    assert client.status() is None
    first = inverted(client)
    assert notes(client).notices == ["Starting the worker. This takes some seconds, once."]
    assert inverted(Client(client.command, Notes())) == first == status(client)["pid"]


def test_it_ends_by_itself_and_the_next_call_starts_another(client: Client) -> None:
    client.command += ["--idle", "0.4"]
    first = inverted(client)
    wait_until(lambda: gone(first))
    assert list(own_folder().glob("worker.json")) == []
    assert inverted(client) != first


def test_a_client_that_stays_connected_does_not_keep_it_alive(client: Client) -> None:
    client.command += ["--idle", "0.4"]
    first = inverted(client)
    with reached(client):
        wait_until(lambda: gone(first))


def test_a_killed_worker_is_started_once_more_with_a_notice(client: Client) -> None:
    first = inverted(client)
    answer = client.run("die_once", {}, [picture()], {"image": "u8"})
    assert bytes(answer.planes["image"].data) == picture().data
    assert answer.provenance["pid"] != first
    assert "The worker ended unexpectedly; it is started again." in notes(client).notices


def test_a_job_that_kills_it_twice_is_given_up_with_the_log(client: Client) -> None:
    with pytest.raises(WorkerError, match="ended twice") as caught:
        client.run("die", {}, [picture()], {"image": "u8"})
    assert Path(str(caught.value.values["log"])).read_text()
    inverted(client)


def test_what_a_killed_worker_left_does_no_harm(client: Client) -> None:
    first = inverted(client)
    with_signal(first, signal.SIGKILL)
    wait_until(lambda: gone(first))
    assert (own_folder() / "worker.json").exists()
    assert (own_folder() / "socket").exists()
    assert inverted(client) != first


@pytest.mark.parametrize("left", [b"", b"{}", b"\xff\x00", b'{"place": [], "key": "00", "pid": 1}', b'{"place": "/nowhere", "key": "zz", "pid": 1}',
                                  b'{"place": 1, "key": "00", "pid": 1}', b'{"place": 99999999999, "key": "00", "pid": 1}', b"[" * 60000])  # fmt: skip
def test_a_nonsense_address_file_does_no_harm(client: Client, left: bytes) -> None:
    places.private(own_folder())
    (own_folder() / "worker.json").write_bytes(left)
    (own_folder() / "socket").write_bytes(left)
    inverted(client)


def test_two_clients_that_start_it_at_once_get_one_worker(client: Client) -> None:
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(inverted(Client(client.command, Notes())))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_a_second_worker_says_so_and_leaves(client: Client) -> None:
    first = inverted(client)
    assert subprocess.run(FAKE, check=False, timeout=30).returncode == client_module.BUSY_STATUS
    assert inverted(client) == first


def test_stop_ends_it_and_takes_the_address_back(client: Client) -> None:
    first = inverted(client)
    assert client.stop()
    wait_until(lambda: gone(first))
    assert not (own_folder() / "worker.json").exists()
    assert not client.stop()


def test_it_starts_clean_in_a_session_of_its_own_with_detached_streams(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "GI_TYPELIB_PATH", "GIMP3_DIRECTORY", "LD_LIBRARY_PATH", "BABL_PATH"):
        monkeypatch.setitem(os.environ, name, "/nowhere")
    monkeypatch.setitem(os.environ, "U2STUDIO_MODELS", "/kept")
    with (own_folder().parent / "open").open("w") as foreign:
        os.set_inheritable(foreign.fileno(), True)
        found = client.start()
    assert found["session"] == found["pid"] != os.getsid(0)
    assert found["streams"] == ["null", "worker.log", "worker.log"]
    assert not [name for name in found["descriptors"] if name.endswith("/open")]
    assert "/nowhere" not in found["environment"].values()
    assert found["environment"]["U2STUDIO_MODELS"] == "/kept"


def test_another_version_is_one_sentence(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VERSION", "99")
    with pytest.raises(WorkerError, match=r"another u2studio version \(0\.0\.fake\).*--stop"):
        inverted(client)


def test_a_python_that_is_gone_is_one_sentence(runtime: Path) -> None:
    with pytest.raises(WorkerError, match=r"Python does not start.*gimp install"):
        inverted(Client([str(runtime / "python"), "worker"]))


def test_a_worker_that_fails_to_start_hands_on_its_last_words(runtime: Path) -> None:
    with pytest.raises(WorkerError, match="no module named torch"):
        inverted(Client([FAKE[0], "-c", "raise SystemExit('no module named torch')"]))


def test_without_a_command_it_is_only_looked_for(runtime: Path) -> None:
    with pytest.raises(WorkerError, match="Start it with: u2studio worker"):
        inverted(Client())


def test_a_path_too_long_for_a_socket_is_got_round(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = runtime / ("x" * 120)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    client = Client([*FAKE], Notes())
    first = inverted(client)
    socket = Path(str(json.loads((own_folder() / "worker.json").read_text())["place"]))
    assert len(os.fsencode(socket)) < 100
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    client.stop()
    wait_until(lambda: gone(first))
    assert not socket.parent.exists()


def test_it_works_over_loopback_where_there_are_no_unix_sockets(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TCP", "1")
    inverted(client)
    assert isinstance(json.loads((own_folder() / "worker.json").read_text())["place"], int)
    Address(json.loads((own_folder() / "worker.json").read_text())["place"], b"guessed", 1).write(own_folder())
    assert client.status() is None


class TestFlatpak:
    """GIMP's sandbox sees $XDG_RUNTIME_DIR/app/org.gimp.GIMP and nothing else of $XDG_RUNTIME_DIR."""

    @pytest.fixture
    def home(self, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (runtime / "home/.var/app/org.gimp.GIMP").mkdir(parents=True)
        monkeypatch.setenv("HOME", str(runtime / "home"))
        return runtime / "home"

    def test_a_worker_started_outside_is_reached_from_inside(self, home: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        first = inverted(client)
        monkeypatch.setattr(places, "in_sandbox", lambda: True)
        monkeypatch.setattr(places, "own_folder", lambda: home / "hidden")
        assert inverted(Client()) == first
        shared = home.parent / "app/org.gimp.GIMP/u2studio"
        assert shared.stat().st_mode & 0o777 == 0o700
        client.stop()
        wait_until(lambda: not (shared / "worker.json").exists())

    def test_where_nothing_may_be_started_the_command_is_named(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(places, "in_sandbox", lambda: True)
        monkeypatch.setattr(client_module, "in_sandbox", lambda: True)
        monkeypatch.setenv("PATH", "")
        with pytest.raises(WorkerError, match=r"terminal.*/opt/python /opt/u2studio worker\n.*flatpak override"):
            inverted(Client(["/opt/python", "/opt/u2studio", "worker"]))


def test_200_jobs_leave_its_memory_flat(client: Client) -> None:
    plane = picture(1000, 1000)
    for _ in range(20):
        inverted(client, plane)
    before = status(client)["resident"]
    for _ in range(180):
        inverted(client, plane)
    assert status(client)["resident"] < before + (4 << 20)


def test_a_48_megapixel_picture_comes_back(client: Client) -> None:
    inverted(client, Plane("image", "u8", (6000, 8000, 3), bytes(range(250)) * (6000 * 8000 * 3 // 250)))
