"""What a running ComfyUI tells about our nodes: nothing is missing, and it is what the descriptions say."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest

from u2studio.u2net_nodes.description import Node, all_nodes
from u2studio.u2net_nodes.generate.core_nodes import CORE_NODES

from .comfy_server import ROOT, Server
from .conftest import PACK

USED = {node["type"] for path in (ROOT / "workflows").glob("*.json") for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]}


@pytest.fixture(scope="module")
def told(server: Server) -> dict[str, Any]:
    return server.get("/object_info")


@pytest.fixture(scope="module")
def words(server: Server) -> dict[str, Any]:
    return server.get("/i18n")


def inputs_of(node: dict[str, Any]) -> dict[str, Any]:
    return {name: spec for group in ("required", "optional") for name, spec in node["input"].get(group, {}).items()}


@pytest.mark.parametrize("node", all_nodes(), ids=lambda node: node.id)
class TestEveryNode:
    def test_says_all_that_a_core_node_says(self, told: dict[str, Any], node: Node) -> None:
        entry = told[node.id]
        assert entry["display_name"] == node.title.text()
        assert entry["description"]
        assert entry["category"].split("/")[0] == "u2studio"
        assert entry["python_module"] == f"custom_nodes.{PACK}"
        assert all(entry["output_tooltips"])
        assert entry["output_name"] == [one.title.text() for one in node.outputs]
        for name, (kind, more) in inputs_of(entry).items():
            assert more["tooltip"], name
            assert more["display_name"], name
            if kind in ("INT", "FLOAT"):
                assert {"min", "max", "step", "default"} <= set(more), name
                assert more["min"] <= more["default"] <= more["max"], name
            if kind == "COMBO":
                assert more.get("default", more["options"][0]) in more["options"], name

    def test_has_the_inputs_and_outputs_of_its_description(self, told: dict[str, Any], node: Node) -> None:
        entry = told[node.id]
        required = [one.id for one in node.slots if not one.optional]
        assert list(entry["input"].get("required", {})) == required
        assert list(entry["input"].get("optional", {})) == [one.id for one in node.inputs if one.id not in required]
        assert entry["output"] == [one.type for one in node.outputs]

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_is_translated_whole(self, told: dict[str, Any], words: dict[str, Any], node: Node, language: str) -> None:
        said = words[language]["nodeDefs"][node.id]
        texts = [said["display_name"], said["description"]]
        for name in inputs_of(told[node.id]):
            texts += [said["inputs"][name]["name"], said["inputs"][name]["tooltip"]]
        assert set(said["inputs"]) == set(inputs_of(told[node.id]))
        assert set(said["outputs"]) == {str(index) for index in range(len(node.outputs))}
        texts += [text for one in said["outputs"].values() for text in (one["name"], one["tooltip"])]
        assert all(texts)
        if language == "zh":
            assert not [text for text in texts if not any("一" <= letter <= "鿿" for letter in text)]

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_has_a_help_page_with_a_picture(self, server: Server, node: Node, language: str) -> None:
        folder = f"/extensions/{urllib.parse.quote(PACK)}/docs"
        status, page = server.text(f"{folder}/{node.id}/{language}.md")
        assert status == 200
        assert f"({node.id}/picture.jpg)" in page.decode()
        assert server.text(f"{folder}/{node.id}/picture.jpg")[0] == 200


@pytest.mark.parametrize("name", CORE_NODES)
def test_our_table_of_comfyuis_own_nodes_is_true(told: dict[str, Any], name: str) -> None:
    if name not in told:
        assert name not in USED, "a template needs it, and this ComfyUI does not have it"
        pytest.skip("this ComfyUI does not have it, and only templates of former releases do")
    known, entry = CORE_NODES[name], told[name]
    inputs = inputs_of(entry)
    linked = {slot for slot, _type in known.slots}
    assert {slot: inputs[slot][0] for slot in linked} == dict(known.slots)
    only_page = {widget for widget, _value in known.front_end_only}
    assert [one for one in known.widgets if one not in only_page] == [one for one in inputs if one not in linked]
    assert entry["output"][: len(known.outputs)] == [kind for _name, kind in known.outputs]  # newer ones pass more on


def test_every_template_is_listed_with_its_picture(server: Server) -> None:
    names = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
    assert sorted(server.get("/workflow_templates")[PACK]) == names
    for name in names:
        assert server.text(f"/api/workflow_templates/{urllib.parse.quote(PACK)}/{name}.jpg")[0] == 200


def test_models_of_the_folder_are_listed_after_our_own(server: Server) -> None:
    (server.base.folder / "models" / "u2net" / "portrait").mkdir(exist_ok=True)
    (server.base.folder / "models" / "u2net" / "portrait" / "a.safetensors").write_bytes(b"")
    (server.base.folder / "models" / "u2net" / "notes.txt").write_text("not a model")
    options = server.get("/object_info/U2LoadModel")["U2LoadModel"]["input"]["optional"]["model"][1]["options"]
    assert options[0] == "u2netp"
    assert "portrait/a.safetensors" in options
    assert not [one for one in options if one.endswith(".txt")]
