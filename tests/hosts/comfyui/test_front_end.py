"""Every template in the real page, in Chromium, in English and in Simplified Chinese."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .comfy_server import HERE, ROOT, Server
from .conftest import PACK

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


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_template_opens_and_runs(server: Server, tmp_path: Path, template: str, language: str) -> None:
    told = open_in_page(server, template=template, locale=language, queue=True, screenshot=screenshot(tmp_path, f"{template}_{language}"))
    assert told["listed"]
    assert told["problems"] == []
    words = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    for node in told["nodes"]:
        if said := words.get(node["type"]):
            assert node["title"] == said["display_name"]
            assert node["outputs"] == [one["name"] for one in said["outputs"].values()]
            named = {name: label for name, label, _value in node["widgets"]}
            assert {name: said["inputs"][name]["name"] for name in said["inputs"] if name in named} == {
                name: label for name, label in named.items() if name in said["inputs"]
            }


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_page_sends_what_the_twin_holds(server: Server, template: str) -> None:
    sent = open_in_page(server, template=template)["prompt"]
    twin = json.loads((ROOT / "workflows" / "api" / f"{template}.json").read_text(encoding="utf-8"))

    def essence(prompt: dict[str, Any]) -> dict[str, Any]:
        return {node: (content["class_type"], content["inputs"]) for node, content in prompt.items() if content["class_type"] != "MarkdownNote"}

    assert essence(sent) == essence(twin)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_opens_with_its_picture(server: Server, tmp_path: Path, language: str) -> None:
    told = open_in_page(server, template="matting", locale=language, help="U2Matte", screenshot=screenshot(tmp_path, f"help_{language}"))
    assert told["problems"] == []
    title = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))["U2Matte"]["display_name"]
    assert title in told["help"]["text"]
    assert any("U2Matte/picture.jpg" in address and width > 100 for address, width in told["help"]["pictures"])
