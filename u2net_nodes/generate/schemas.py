"""What saved graphs rely on, as data: `u2net_nodes/schemas.json`. It only ever grows; writing one that breaks old graphs is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..description import Node, all_nodes

__all__ = ["PATH", "broken_promises", "current", "files"]

PATH = "u2net_nodes/schemas.json"


def files() -> dict[str, str]:
    """Path from the repository's root → text. Raises: ValueError, when graphs saved with the released nodes would no longer work."""
    released = json.loads((Path(__file__).resolve().parents[2] / PATH).read_text(encoding="utf-8"))
    if broken := broken_promises(released, current()):
        raise ValueError("saved graphs would break:\n" + "\n".join(broken))
    return {PATH: json.dumps(current(), ensure_ascii=False, indent=1) + "\n"}


def current() -> dict[str, Any]:
    """The nodes as they are: slots by name with their type, widgets in order with what they may hold, outputs in order."""
    return {node.id: _schema(node) for node in all_nodes()}


def broken_promises(released: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What graphs saved with `released` nodes would miss in the nodes of `now`; empty when they all still work."""
    broken: list[str] = []
    for name, old in released.items():
        if name not in now:
            broken.append(f"{name} is gone")
            continue
        new = now[name]
        broken += [f"{name}: input {slot} is gone or has another type" for slot, kind in old["slots"].items() if new["slots"].get(slot) != kind]
        for part in ("widgets", "outputs"):
            before, after = [one["id"] for one in old[part]], [one["id"] for one in new[part]]
            if after[: len(before)] != before:
                broken.append(f"{name}: {part} were {', '.join(before)} and may only grow at the end; now they are {', '.join(after)}")
        broken += [f"{name}: {problem}" for problem in _narrowed(old["widgets"], new["widgets"])]
    return broken


def _narrowed(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    later = {one["id"]: one for one in new}
    found: list[str] = []
    for one in old:
        now = later.get(one["id"], one)
        if now["kind"] != one["kind"]:
            found.append(f"{one['id']} was {one['kind']}, now {now['kind']}")
        elif set(one.get("options", ())) - set(now.get("options", ())):
            found.append(f"{one['id']} no longer offers {', '.join(sorted(set(one['options']) - set(now['options'])))}")
        elif "low" in one and (now["low"] > one["low"] or now["high"] < one["high"]):
            found.append(f"{one['id']} was {one['low']:g} to {one['high']:g}, now {now['low']:g} to {now['high']:g}")
    return found


def _schema(node: Node) -> dict[str, Any]:
    return {
        "slots": {one.id: one.type for one in node.slots},
        "required": [one.id for one in node.slots if not one.optional],
        "widgets": [_widget(asdict(one.parameter), type(one.parameter).__name__) for one in node.widgets],
        "outputs": [{"id": one.id, "type": one.type} for one in node.outputs],
    }


def _widget(parameter: dict[str, Any], kind: str) -> dict[str, Any]:
    held = {key: parameter[key] for key in ("default", "low", "high") if key in parameter}
    options = {"options": [one["id"] for one in parameter["options"]]} if "options" in parameter else {}
    return {"id": parameter["name"], "kind": kind, **held, **options}
