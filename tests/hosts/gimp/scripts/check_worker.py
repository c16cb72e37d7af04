"""The worker behind it: started by the first call, cancelled with the plug-in, replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

from gi.repository import Gimp
from pictures import call, done, everything, good, photo, refused, worker


def status() -> dict:
    answer = worker("--status")
    return json.loads(answer.stdout) if answer.returncode == 0 else {}


def plug_in() -> int:
    """The process of our plug-in that runs now."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"u2studio/u2studio.py") for word in words) and b"-run" in words:
            return int(entry.parent.name)
    return 0


def when_the_job_runs(act) -> threading.Thread:
    """Do something as soon as the worker works."""

    def wait() -> None:
        end = time.monotonic() + 30
        while not status().get("jobs"):
            assert time.monotonic() < end
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


assert not status()
image, layer = photo()
done("matte", image, [layer])
first = status()["pid"]
done("matte", image, [layer])
assert status()["pid"] == first
assert os.getsid(first) == first, "the worker is in GIMP's session"
good(f"the first call started the worker, the second found it (process {first})")

# cancel is SIGKILL of the plug-in
big, big_layer = photo(size=4000)
before = everything(big)
ended = []
thread = when_the_job_runs(lambda: (os.kill(plug_in(), signal.SIGKILL), ended.append(time.monotonic())))
answer, _text = call("matte", big, [big_layer], edge_width=60.0)
thread.join()
assert answer != Gimp.PDBStatusType.SUCCESS
while status()["jobs"]:
    assert time.monotonic() < ended[0] + 10
good(f"cancelled: the worker is free {time.monotonic() - ended[0]:.1f} s later (asking takes some of it)")
assert everything(big) == before
assert status()["pid"] == first
done("matte", image, [layer])
good("cancelled: the image is as it was, the worker stays for the next call")

# the worker is killed in the middle of a call
thread = when_the_job_runs(lambda: os.kill(first, signal.SIGKILL))
done("matte", big, [big_layer], edge_width=60.0)
thread.join()
assert status()["pid"] != first
assert big_layer.get_mask() is not None
good("the worker killed mid-call: started again, and the call succeeded")
big.delete()

refused("u2studio models pull u2net", "matte", image, [layer], model="u2net")
good("a model without a file is refused, with what to do")

worker("--stop")
end = time.monotonic() + 5
while status():
    assert time.monotonic() < end
done("matte", image, [layer])
good("stopped by hand: the next call starts another")


def compute_on(device: str) -> None:
    """As the settings keep it; they end the worker too."""
    Gimp.attach_parasite(Gimp.Parasite.new("u2studio-device", Gimp.PARASITE_PERSISTENT, device.encode()))
    worker("--stop")
    end = time.monotonic() + 5
    while status():
        assert time.monotonic() < end


compute_on("cpu")
done("matte", image, [layer])
assert b"--device\0cpu\0" in Path(f"/proc/{status()['pid']}/cmdline").read_bytes()
good("the device chosen in the settings is the worker's")
compute_on("mps")  # which only Macs have
refused("There is no device 'mps' here; there are: auto, cpu", "matte", image, [layer])
compute_on("auto")
done("matte", image, [layer])
good("a device that is not there is refused by name, another choice works at once")
