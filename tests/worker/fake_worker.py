"""A worker whose jobs are simple enough to check by eye: the real server, the real life cycle, no torch.

fake_worker.py [--idle SECONDS]
"""

from __future__ import annotations

import os
import sys
import time
import types
from pathlib import Path

from u2studio.shared_core.worker import listening, protocol, server

INVERTED = bytes(range(255, -1, -1))


class FakeWork:
    """invert: 255 − x. blank: zeros as large as the picture. steps: as many progress notes as asked. die, die_once: as a killed process would."""

    def operate(self, request, planes, progress):
        params = request["params"]
        note = Path(os.environ["XDG_RUNTIME_DIR"]) / "notes"
        plane = next(iter(planes.values()))
        made, step = bytes(plane.data), -1
        match request["operation"]:
            case "invert":
                made = bytes(plane.data).translate(INVERTED)
            case "blank":
                made = bytes(plane.shape[0] * plane.shape[1])
            case "steps":
                try:
                    for step in range(params["steps"]):
                        progress(step, params["steps"], "Finding the subject")
                        time.sleep(params["seconds"])
                finally:
                    with note.open("a") as file:
                        file.write(f"{params.get('name', '')} step {step} {time.time()}\n")
            case "die":
                os.kill(os.getpid(), 9)
            case "die_once":
                if not note.exists():
                    note.touch()
                    os.kill(os.getpid(), 9)
            case other:
                raise ValueError(other)
        shape = plane.shape if request["operation"] != "blank" else plane.shape[:2]
        return {"event": "done", "figures": {}, "provenance": {"pid": os.getpid()}, "seconds": 0.0}, [protocol.Plane("image", "u8", shape, made)]

    def describe(self):
        streams = [Path(f"/proc/self/fd/{number}").resolve().name for number in (0, 1, 2)]
        descriptors = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return {"session": os.getsid(0), "streams": streams, "descriptors": descriptors, "environment": dict(os.environ), "resident": resident}


if "FAKE_VERSION" in os.environ:
    server.VERSION = int(os.environ["FAKE_VERSION"])
if "FAKE_TCP" in os.environ:  # what is used where Python has no AF_UNIX
    listening.sys = types.SimpleNamespace(platform="win32")
idle = float(sys.argv[sys.argv.index("--idle") + 1]) if "--idle" in sys.argv else 60.0
sys.exit(0 if server.serve(FakeWork, "0.0.fake", idle_seconds=idle) else 75)
