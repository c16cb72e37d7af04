"""How many processors a thread may use. PyTorch has its own setting for each thread; it is asked where it is there already, and told when it comes later."""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from pathlib import Path

__all__ = ["all_processors", "processors", "settle_pytorch", "use_processors"]

_own = threading.local()
_settling = threading.Lock()


def processors() -> int:
    """Processors that this thread may use: what it was given, else all that the process may."""
    given: int | None = getattr(_own, "given", None)
    return all_processors() if given is None else given


def all_processors() -> int:
    """Processors that the process may use: PyTorch's setting where it is loaded, for hosts and users set that, else what PyTorch would take."""
    ask = getattr(sys.modules.get("torch"), "get_num_threads", None)  # not there while another thread loads it
    if ask is None or hasattr(_own, "given"):  # it would say what this thread was given
        return _cores()
    return ask()


def use_processors(count: int) -> None:
    """Let this thread use so many from now on, ≥ 1."""
    _own.given = count
    _own.settled = False
    if "torch" in sys.modules:
        settle_pytorch()


def settle_pytorch() -> None:
    """Tell PyTorch what this thread may use, where something was said. Call it before PyTorch is used in a thread that may have been there earlier."""
    if getattr(_own, "settled", True):
        return
    import torch

    with _settling:
        before = torch.get_num_threads()  # a thread's first question resets what was set in it before
        torch.set_num_threads(_own.given)
        # what was set last anywhere is what threads begin with that are born later, also the host's
        restored = threading.Thread(target=torch.set_num_threads, args=(before,))
        restored.start()
        restored.join()
    _own.settled = True


@cache
def _cores() -> int:
    """What the user set for programs of this kind, else the cores this process may run on, two threads of one core counted once."""
    for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        wish = os.environ.get(name, "").split(",")[0]
        if wish.isdecimal() and int(wish) > 0:
            return int(wish)
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len({_siblings(one) for one in usable})


def _siblings(processor: int) -> str:
    """Which processors share a core with this one; where the system does not say, it stands alone."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list").read_text(encoding="ascii")
    except OSError:
        return str(processor)
