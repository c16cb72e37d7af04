"""Every template in the real page, in Chromium, in English and in Simplified Chinese."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from u2studio.u2net_nodes.description import all_nodes

from .comfy_server import HERE, ROOT, Server
from .conftest import PACK

RELEASED = sorted((ROOT / "tests" / "nodes" / "released").glob("*/*.json"))
TEMPLATES = [path.stem for path in sorted((ROOT / "workflows").glob("*.json"))]
HAS_BROWSER = bool(os.environ.get("CHROMIUM") or shutil.which("chromium")) and bool(os.environ.get("COMFY_JS")) and bool(shutil.which("node"))
pytestmark = pytest.mark.skipif(not HAS_BROWSER, reason="needs chromium, node, and COMFY_JS with playwright-core (tests/hosts/comfyui/setup.sh)")


def open_in_page(server: Server, **options: object) -> dict[str, Any]:
    given = json.dumps({"port": server.port, "pack": PACK, **options})
    done = subprocess.run(["node", str(HERE / "open_workflow.js"), given], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def screenshot(tmp_path: Path, name: str) -> str:
    """Where a picture of the page goes: $U2STUDIO_SCREENSHOTS, for people to look at, else a folder that is thrown away."""
    folder = Path(os.environ.get("U2STUDIO_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / f"{name}.png")


def _essence(prompt: dict[str, Any]) -> dict[str, Any]:
    return {node: (content["class_type"], content["inputs"]) for node, content in prompt.items() if content["class_type"] != "MarkdownNote"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_template_opens_and_runs_and_is_what_its_twin_holds(server: Server, tmp_path: Path, template: str, language: str) -> None:
    told = open_in_page(server, template=template, locale=language, queue=True, screenshot=screenshot(tmp_path, f"{template}_{language}"))
    assert told["listed"]
    assert told["problems"] == []
    assert _essence(told["prompt"]) == _essence(json.loads((ROOT / "workflows" / "api" / f"{template}.json").read_text(encoding="utf-8")))
    words = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    for node in told["nodes"]:
        if said := words.get(node["type"]):
            assert node["title"] == said["display_name"]
            assert node["outputs"] == [one["name"] for one in said["outputs"].values()]
            named = {name: label for name, label, _value in node["widgets"]}
            assert {name: said["inputs"][name]["name"] for name in said["inputs"] if name in named} == {
                name: label for name, label in named.items() if name in said["inputs"]
            }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_of_every_node_opens_with_its_picture(server: Server, tmp_path: Path, language: str) -> None:
    types = [node.id for node in all_nodes()]
    told = open_in_page(server, template="matting", locale=language, help=types, screenshot=screenshot(tmp_path, f"help_{language}"))
    assert told["problems"] == []
    words = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    for one in types:
        assert words[one]["display_name"] in told["help"][one]["text"]
        assert any(f"{one}/picture.jpg" in address and width > 100 for address, width in told["help"][one]["pictures"]), one


def test_workflows_of_every_release_open_with_their_values(server: Server) -> None:
    known = set(server.get("/object_info"))
    released = {path: json.loads(path.read_text(encoding="utf-8")) for path in RELEASED}
    opening = [path for path, workflow in released.items() if {node["type"] for node in workflow["nodes"]} - {"MarkdownNote"} <= known]
    assert opening
    told = open_in_page(server, files=[str(path) for path in opening])
    assert told["problems"] == []
    for path in opening:
        saved = json.loads((path.parent / "api" / path.name).read_text(encoding="utf-8"))
        now = told["opened"][str(path)]
        for node, content in saved.items():
            assert now[node]["class_type"] == content["class_type"]
            assert content["inputs"].items() <= now[node]["inputs"].items(), f"{path.name}: node {node}"
