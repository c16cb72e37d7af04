"""Workflows open and run: nodes, links, widgets, pictures; also those of every release so far. Needs no ComfyUI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from u2studio.u2net_nodes.generate.graph import node_types

ROOT = Path(__file__).resolve().parents[2]
NOW = sorted((ROOT / "workflows").glob("*.json"))
RELEASED = sorted((Path(__file__).parent / "released").glob("*/*.json"))
RELEASED_PROMPTS = sorted((Path(__file__).parent / "released").glob("*/api/*.json"))


@pytest.fixture(params=[*NOW, *RELEASED], ids=lambda path: f"{path.parent.name}/{path.stem}")
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(request.param.read_text(encoding="utf-8"))


def nodes_of(workflow: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {node["id"]: node for node in workflow["nodes"] if node["type"] != "MarkdownNote"}


def test_every_node_is_known_and_has_its_inputs(workflow: dict[str, Any]) -> None:
    for node in nodes_of(workflow).values():
        known = node_types()[node["type"]]
        assert {entry["name"]: entry["type"] for entry in node["inputs"]}.items() <= dict(known.slots).items()
        assert [entry["type"] for entry in node["outputs"]] == [kind for _name, kind in known.outputs][: len(node["outputs"])]
        assert len(node["widgets_values"]) <= len(known.widgets)


def test_links_join_what_fits(workflow: dict[str, Any]) -> None:
    nodes = nodes_of(workflow)
    for number, source, output, target, slot, kind in workflow["links"]:
        assert nodes[source]["outputs"][output]["type"] == kind == nodes[target]["inputs"][slot]["type"]
        assert number in nodes[source]["outputs"][output]["links"]
        assert nodes[target]["inputs"][slot]["link"] == number


@pytest.mark.parametrize("path", RELEASED_PROMPTS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_prompts_of_every_release_name_only_what_there_is(path: Path) -> None:
    prompt = json.loads(path.read_text(encoding="utf-8"))
    for content in prompt.values():
        known = node_types()[content["class_type"]]
        types = dict(known.slots)
        assert set(content["inputs"]) <= {*types, *known.widgets}
        for name, value in content["inputs"].items():
            if isinstance(value, list):
                assert node_types()[prompt[value[0]]["class_type"]].outputs[value[1]][1] == types[name]


@pytest.mark.parametrize("path", NOW, ids=lambda path: path.stem)
class TestEveryTemplate:
    def test_has_a_twin_with_the_same_nodes_and_links(self, path: Path) -> None:
        workflow, twin = (json.loads(one.read_text(encoding="utf-8")) for one in (path, path.parent / "api" / path.name))
        running = {str(number): node for number, node in nodes_of(workflow).items() if node["mode"] == 0}
        assert {number: node["type"] for number, node in running.items()} == {number: node["class_type"] for number, node in twin.items()}
        for number, node in running.items():
            known = node_types()[node["type"]]
            hidden = {name for name, _value in known.front_end_only}
            values = {name: value for name, value in zip(known.widgets, node["widgets_values"], strict=True) if name not in hidden}
            links = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
            values |= {entry["name"]: links[entry["link"]] for entry in node["inputs"] if entry["link"]}
            assert twin[number]["inputs"] == values

    def test_pictures_lie_in_inputs(self, path: Path) -> None:
        for node in nodes_of(json.loads(path.read_text(encoding="utf-8"))).values():
            if node["type"].startswith("LoadImage") and node["widgets_values"][0] != "example.png":
                assert (ROOT / "workflows" / "inputs" / node["widgets_values"][0]).exists()

    def test_has_a_small_thumbnail(self, path: Path) -> None:
        thumbnail = path.with_suffix(".jpg")
        assert Image.open(thumbnail).size == (512, 512)
        assert thumbnail.stat().st_size < 80_000

    def test_nothing_covers_anything_else(self, path: Path) -> None:
        boxes = [(*node["pos"], *node["size"]) for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]]
        for number, (x, y, width, height) in enumerate(boxes):
            for x2, y2, width2, height2 in boxes[number + 1 :]:
                assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_no_workflow_file_is_left_over() -> None:
    assert sorted(path.stem for path in (ROOT / "workflows" / "api").glob("*.json")) == [path.stem for path in NOW]
    assert sorted(path.stem for path in (ROOT / "workflows").glob("*.jpg")) == [path.stem for path in NOW]
