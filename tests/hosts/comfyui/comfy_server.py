"""A real ComfyUI for tests: started with the packs asked for, in folders of its own, and talked to as its page does."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
APP = Path(os.environ.get("COMFYUI_PATH", ""))
NOT_SET_UP = "needs ComfyUI: run make test-comfy, or set COMFYUI_PATH to a ComfyUI folder and COMFYUI_PYTHON to its interpreter"


def is_set_up() -> bool:
    """Whether there is a ComfyUI to test with."""
    return bool(os.environ.get("COMFYUI_PATH")) and (APP / "main.py").is_file()


def python() -> str:
    """ComfyUI's interpreter."""
    for candidate in (os.environ.get("COMFYUI_PYTHON"), APP / "venv/bin/python", APP / ".venv/bin/python", APP.parent / "venv/bin/python"):
        if candidate and Path(candidate).exists():
            return str(candidate)
    return "python3"


def copy_pack(target: Path) -> Path:
    """What a clone of this repository would hold, the files not yet committed included."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


class Base:
    """A base folder of ComfyUI: custom_nodes, models, input, output, user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("custom_nodes", "models/u2net", "models/upscale_models", "models/checkpoints", "input", "output", "user"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(APP / "input/example.png", folder / "input")

    def pack(self, name: str) -> Path:
        """Put a copy of this repository there under a folder name."""
        return copy_pack(self.folder / "custom_nodes" / name)

    def add_upscaler(self) -> None:
        """An upscaler under the name that a workflow asks its user to bring."""
        write_plain_upscaler(self.folder / "models" / "upscale_models" / "RealESRGAN_x4plus.safetensors")

    def arguments(self, port: int) -> list[str]:
        """What main.py is started with."""
        return [
            "--base-directory", str(self.folder), "--port", str(port), "--disable-auto-launch", "--database-url", "sqlite:///:memory:",
            "--disable-api-nodes", *([] if os.environ.get("COMFY_GPU") else ["--cpu"]),
        ]  # fmt: skip

    def quick_test(self, *, missing: str = "-") -> tuple[dict[str, Any], str, str]:
        """Start, import everything, end: the report of quick_main.py, standard output, and the log."""
        report = self.folder / "report.json"
        command = [python(), str(HERE / "quick_main.py"), str(APP), str(report), missing, *self.arguments(free_port()), "--quick-test-for-ci"]
        done = subprocess.run(command, cwd=APP, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(report.read_text()), done.stdout, done.stderr


class Server:
    """ComfyUI running in the background."""

    def __init__(self, base: Base, *arguments: str) -> None:
        self.base, self.port = base, free_port()
        self.log = base.folder / "comfy.log"
        with self.log.open("w") as log:
            command = [python(), "main.py", *base.arguments(self.port), *arguments]
            self.process = subprocess.Popen(command, cwd=APP, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended while starting:\n{self.log.read_text()[-3000:]}")
            try:
                self.get("/system_stats")
                return
            except OSError:
                time.sleep(0.2)
        self.stop()
        raise RuntimeError("ComfyUI gave no answer in two minutes")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as reply:
            return json.load(reply)

    def text(self, path: str) -> tuple[int, bytes]:
        """Status and body at a path."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, b""

    def post(self, path: str, content: Mapping[str, object]) -> None:
        """Send JSON."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(content).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60):
            pass

    def upload_inputs(self) -> None:
        """Send the pictures of `workflows/inputs`, as a script would that wants to queue the workflows."""
        for path in sorted((ROOT / "workflows" / "inputs").rglob("*.*g")):
            folder = path.parent.relative_to(ROOT / "workflows" / "inputs").as_posix()
            edge = uuid.uuid4().hex
            head = f'--{edge}\r\nContent-Disposition: form-data; name="subfolder"\r\n\r\n{folder}\r\n--{edge}\r\n'
            head += f'Content-Disposition: form-data; name="image"; filename="{path.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
            body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}/upload/image", body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
            with urllib.request.urlopen(request, timeout=60) as reply:
                assert json.load(reply)["name"] == path.name

    def queue(self, prompt: Mapping[str, object], *, repeat: int = 1, interrupt_after: float | None = None) -> list[dict[str, Any]]:
        """Run a prompt, `repeat` times in one connection, and tell what happened in each run; see queue_prompt.py."""
        folder = self.base.folder / "runs" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        (folder / "prompt.json").write_text(json.dumps(prompt))
        command = [python(), str(HERE / "queue_prompt.py"), str(folder), str(self.port), str(repeat), str(interrupt_after or 0)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads((folder / "runs.json").read_text())


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_plain_upscaler(path: Path) -> None:
    """An upscaler file of the kind "Compact" that nobody trained: fourfold, by quadratic B-splines. Without activation the network is linear."""
    import torch
    from safetensors.torch import save_file

    taps = torch.stack([torch.tensor([(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2]) for t in (-0.375, -0.125, 0.125, 0.375)])
    smooth = torch.einsum("ai,bj->abij", taps, taps).reshape(16, 3, 3)
    smooth[:, 1, 1] -= 1  # the network adds to its enlarged input
    gather, spread, pass_on = torch.zeros(27, 3, 3, 3), torch.zeros(48, 27, 3, 3), torch.zeros(27, 27, 3, 3)
    for colour in range(3):
        for place in range(9):
            gather[9 * colour + place, colour, place // 3, place % 3] = 1
        spread[16 * colour : 16 * colour + 16, 9 * colour : 9 * colour + 9, 1, 1] = smooth.reshape(16, 9)
    for feature in range(27):
        pass_on[feature, feature, 1, 1] = 1
    convolutions = {"body.0": gather, "body.2": pass_on, "body.4": spread}
    state = {f"{name}.weight": weight for name, weight in convolutions.items()}
    state |= {f"{name}.bias": torch.zeros(len(weight)) for name, weight in convolutions.items()}
    state |= {"body.1.weight": torch.ones(27), "body.3.weight": torch.ones(27)}  # slopes of PReLU: none
    save_file(state, path)
