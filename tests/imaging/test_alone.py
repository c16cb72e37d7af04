"""Parts of a picture worked by a thread without helpers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from u2studio.shared_core.imaging.alone import each

PICTURE = torch.zeros(1)


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_part_is_done_once_and_alone(threads: int) -> None:
    done: list[int] = []
    inside: list[int] = []

    def work(part: int) -> None:
        inside.append(torch.get_num_threads())
        done.append(part)

    each(work, range(50), PICTURE)
    assert sorted(done) == list(range(50))
    assert set(inside) == {1}


def test_the_hosts_setting_stays_also_for_threads_that_are_born_later(threads: int) -> None:
    each(lambda _: None, range(4), PICTURE)
    found: list[int] = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert (torch.get_num_threads(), found) == (threads, [threads])


def test_inference_mode_holds_inside(threads: int) -> None:
    with torch.inference_mode():
        made = torch.zeros(8)

        def work(place: int) -> None:
            made[place] = 1

        each(work, range(8), PICTURE)
    assert torch.equal(made, torch.ones(8))


def test_the_first_error_is_raised(threads: int) -> None:
    def work(part: int) -> None:
        if part >= 3:
            raise ValueError(part)

    with pytest.raises(ValueError, match=r"^3$"):
        each(work, range(9), PICTURE)
