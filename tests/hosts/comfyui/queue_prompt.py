"""Queues FOLDER/prompt.json on a running ComfyUI, follows it, saves its outputs into FOLDER and what happened as FOLDER/runs.json.

Usage: queue_prompt.py FOLDER PORT REPEAT INTERRUPT_AFTER   (seconds after the start; 0: never). Runs in ComfyUI's environment, which has aiohttp.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp  # pyright: ignore[reportMissingImports]

ENDS = ("execution_success", "execution_error", "execution_interrupted")


class Run:
    """What one queued prompt did."""

    def __init__(self) -> None:
        self.state = ""
        self.refused: dict[str, list[str]] = {}
        self.error: dict[str, Any] = {}
        self.cached: list[str] = []
        self.progress: dict[str, list[list[float]]] = {}
        self.seconds: dict[str, float] = {}
        self.previews = 0
        self.files: dict[str, list[str]] = {}
        self.started = self.ended = self.interrupt_sent = 0.0
        self._node, self._since = "", 0.0

    def take(self, kind: str, data: dict[str, Any], now: float) -> bool:
        """Take one message; true when the prompt has ended."""
        if kind == "execution_start":
            self.started = now
        elif kind == "execution_cached":
            self.cached = data["nodes"]
        elif kind == "executing":
            self._leave(now)
            self._node, self._since = data.get("node") or "", now
        elif kind == "progress":
            self.progress.setdefault(data["node"], []).append([data["value"], data["max"]])
        elif kind == "execution_error":
            self.error = {key: data[key] for key in ("node_id", "node_type", "exception_type", "exception_message")}
        if kind in ENDS:
            self._leave(now)
            self.state, self.ended = kind, now
        return kind in ENDS

    def _leave(self, now: float) -> None:
        if self._node:
            self.seconds[self._node] = self.seconds.get(self._node, 0.0) + now - self._since
        self._node = ""

    def told(self) -> dict[str, Any]:
        """For the report."""
        stop = self.ended - self.interrupt_sent if self.interrupt_sent else None
        return {**{key: value for key, value in vars(self).items() if key[0] != "_"}, "total": self.ended - self.started, "seconds_to_stop": stop}


async def follow(session: aiohttp.ClientSession, base: str, folder: Path, prompt: dict[str, Any], interrupt_after: float, number: int) -> Run:
    """Queue once and wait for the end."""
    run, client = Run(), uuid.uuid4().hex
    async with session.ws_connect(f"{base}/ws?clientId={client}", max_msg_size=0) as connection:
        async with session.post(f"{base}/prompt", json={"prompt": prompt, "client_id": client}) as reply:
            answer = await reply.json()
        for node, trouble in answer.get("node_errors", {}).items():
            run.refused[node] = [f"{error['message']}: {error['details']}" for error in trouble["errors"]]
        if "prompt_id" not in answer:
            run.state = "refused"
            return run
        stopper = asyncio.create_task(interrupt(session, base, run, interrupt_after)) if interrupt_after else None
        async for message in connection:
            if message.type == aiohttp.WSMsgType.BINARY:
                run.previews += 1
            elif message.type == aiohttp.WSMsgType.TEXT:
                event = json.loads(message.data)
                if event["data"].get("prompt_id") == answer["prompt_id"] and run.take(event["type"], event["data"], time.perf_counter()):
                    break
        if stopper:
            stopper.cancel()
    if run.state == "execution_success":
        run.files = await download(session, base, answer["prompt_id"], folder / str(number))
    return run


async def interrupt(session: aiohttp.ClientSession, base: str, run: Run, after: float) -> None:
    """Press stop."""
    while not run.started:
        await asyncio.sleep(0.005)
    await asyncio.sleep(max(0.0, run.started + after - time.perf_counter()))
    run.interrupt_sent = time.perf_counter()
    async with session.post(f"{base}/interrupt", json={}) as reply:
        reply.raise_for_status()


async def download(session: aiohttp.ClientSession, base: str, prompt_id: str, folder: Path) -> dict[str, list[str]]:
    """Save the pictures that output nodes showed, by node."""
    history: dict[str, Any] = {}
    while prompt_id not in history:  # it is written a moment after the end is told
        await asyncio.sleep(0.02)
        async with session.get(f"{base}/history/{prompt_id}") as reply:
            history = await reply.json()
    folder.mkdir()
    saved: dict[str, list[str]] = {}
    for node, shown in history[prompt_id]["outputs"].items():
        for item in shown.get("images", []):
            async with session.get(f"{base}/view", params={key: item[key] for key in ("filename", "subfolder", "type")}) as reply:
                target = folder / f"{node}_{item['filename']}"
                target.write_bytes(await reply.read())
                saved.setdefault(node, []).append(str(target))
    return saved


async def main() -> None:
    """Run as often as asked."""
    folder, base = Path(sys.argv[1]), f"http://127.0.0.1:{sys.argv[2]}"
    prompt = json.loads((folder / "prompt.json").read_text())
    runs: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=10)) as session:
        for number in range(int(sys.argv[3])):
            run = await follow(session, base, folder, prompt, float(sys.argv[4]), number)
            runs.append(run.told())
    (folder / "runs.json").write_text(json.dumps(runs))


asyncio.run(main())
