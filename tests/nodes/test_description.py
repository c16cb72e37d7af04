"""Every operation is a node, and says what a good node says. Needs no ComfyUI."""

from __future__ import annotations

import subprocess
import sys

import pytest

from u2studio.shared_core import operations
from u2studio.shared_core.spec import Choice, Input, Integer, ModelChoice, Number, Operation, Output, Switch
from u2studio.u2net_nodes.description import FACES_TYPE, MODEL_TYPE, Node, Slot, all_nodes, node_of
from u2studio.u2net_nodes.generate.schemas import broken_promises, current


def test_every_operation_is_a_node() -> None:
    assert [node.operation for node in all_nodes() if node.operation] == list(operations())


def test_node_ids_are_ours_and_unique() -> None:
    ids = [node.id for node in all_nodes()]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("U2") for one in ids)


@pytest.mark.parametrize("node", all_nodes(), ids=lambda node: node.id)
class TestEveryNode:
    def test_says_what_everything_is(self, node: Node) -> None:
        assert node.title.text()
        assert node.summary.text().endswith(".")
        for one in (*node.inputs, *node.outputs):
            assert one.title.text(), one.id
            assert one.tooltip.text().endswith("."), one.id

    def test_names_no_input_twice(self, node: Node) -> None:
        names = [one.id for one in node.inputs]
        assert len(set(names)) == len(names)

    def test_masks_say_which_way_round_they_are(self, node: Node) -> None:
        for one in (*node.slots, *node.outputs):
            if one.kind == "alpha":
                assert "1 keeps" in one.tooltip.text(), one.id
                assert "InvertMask" in one.tooltip.text(), one.id


def test_an_operation_nobody_knows_yet_becomes_a_node() -> None:
    node = node_of(
        Operation(
            id="draw_portrait", family="portrait", title="Draw Portrait", summary="Draw a portrait.",
            inputs=(
                Input(name="face", kind="image", title="Face", help="The face."),
                Input(name="mask", kind="alpha", title="Mask", help="A mask.", optional=True),
                Input(name="faces", kind="faces", title="Faces", help="The faces.", optional=True),
            ),
            parameters=(
                ModelChoice(name="model", title="Model", help="The network.", default="portrait", task="portrait"),
                Integer(name="count", title="Count", help="How many.", default=1, low=1, high=9, soft_low=1, soft_high=9),
                Number(name="width", title="Width", help="How wide.", default=1.0, low=0.0, high=9.0, soft_low=0.0, soft_high=9.0, step=0.5, unit="px"),
                Switch(name="smooth", title="Smooth", help="Whether to smooth.", default=True),
                Choice(name="style", title="Style", help="Which style.", default="a", options=()),
            ),
            outputs=(Output(name="drawing", kind="image", title="Drawing", help="The drawing."),),
        )
    )  # fmt: skip
    assert node.id == "U2DrawPortrait"
    assert node.category == "u2studio/portrait"
    assert {one.id: (one.type, one.optional) for one in node.slots} == {
        "face": ("IMAGE", False),
        "mask": ("MASK", True),
        "faces": (FACES_TYPE, True),
        "model": (MODEL_TYPE, True),
    }
    assert [one.id for one in node.widgets] == ["count", "width", "smooth", "style"]
    assert node.widgets[1].title.text() == "Width (px)"
    assert "scaled to the picture" in next(one for one in node.inputs if isinstance(one, Slot) and one.id == "mask").tooltip.text()


class TestSavedGraphs:
    """Graphs keep widget values by place and links by name and place: nodes may only grow at the end."""

    def test_nodes_as_they_are_break_nothing(self) -> None:
        assert broken_promises(current(), current()) == []

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda now: now.pop("U2Trimap"), "U2Trimap is gone"),
            (lambda now: now["U2Matte"]["widgets"].reverse(), "U2Matte: widgets were preprocess"),
            (lambda now: now["U2Matte"]["widgets"].insert(0, {"id": "new", "kind": "Switch"}), "may only grow at the end"),
            (lambda now: now["U2Matte"]["outputs"].pop(), "U2Matte: outputs were"),
            (lambda now: now["U2Matte"]["slots"].pop("image"), "input image is gone"),
            (lambda now: now["U2Matte"]["widgets"][1]["options"].remove("guided"), "refine no longer offers guided"),
            (lambda now: now["U2Trimap"]["widgets"][0].update(high=10), "inside was 0 to 500, now 0 to 10"),
        ],
    )
    def test_a_breaking_change_is_named(self, change: object, says: str) -> None:
        now = current()
        change(now)  # pyright: ignore[reportCallIssue]
        assert any(says in line for line in broken_promises(current(), now)), broken_promises(current(), now)

    def test_growing_at_the_end_breaks_nothing(self) -> None:
        now = current()
        now["U2Matte"]["widgets"].append({"id": "new", "kind": "Switch"})
        now["U2Matte"]["outputs"].append({"id": "new", "type": "MASK"})
        now["U2New"] = {}
        assert broken_promises(current(), now) == []


def test_descriptions_need_neither_comfyui_nor_torch() -> None:
    probe = "import sys, u2studio.u2net_nodes.generate.__main__; assert not {'torch', 'cv2', 'numpy', 'comfy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True, cwd="/")
