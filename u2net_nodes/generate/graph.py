"""A workflow in both of ComfyUI's formats: what the page opens, and what the server runs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from ...shared_core.texts import translate
from ..description import Node, all_nodes
from .core_nodes import CORE_NODES, NodeType

__all__ = ["Graph", "Placed", "node_types"]

MUTED = 2
"""the page's mode of a node that stays in the graph but out of the run"""
WIDTH, GAP, TITLE, ROW, WIDGET, PICTURE = 300, 60, 40, 20, 26, 320
"""pixels of the page's canvas"""
NAMESPACE = uuid.UUID("2f3f4c70-5a2b-4f7e-9d6c-75326e657400")


@dataclass
class Placed:
    """One node in a graph; index it for a link to one of its outputs."""

    type: str
    column: int
    values: dict[str, object]
    links: dict[str, tuple[Placed, int]]
    title: str = ""
    muted: bool = False
    id: int = 0
    place: tuple[int, int] = (0, 0)

    def __getitem__(self, output: int) -> tuple[Placed, int]:
        return self, output


def node_types() -> dict[str, NodeType]:
    """Every node a workflow may use: ours and the ones of ComfyUI's that we know."""
    return CORE_NODES | {node.id: _node_type(node) for node in all_nodes()}


def _node_type(node: Node) -> NodeType:
    slots = tuple((one.id, one.type) for one in node.slots)
    outputs = tuple((one.title.text(), one.type) for one in node.outputs)
    return NodeType(slots, tuple(one.id for one in node.widgets), outputs, shows_picture=node.shows_result)


def _defaults(type_name: str) -> dict[str, object]:
    node = next((one for one in all_nodes() if one.id == type_name), None)
    return {one.id: one.parameter.default for one in node.widgets} if node else {}


@dataclass
class Graph:
    """A workflow: nodes in columns, from left to right, and a note for the reader."""

    name: str
    note: tuple[str, ...]
    nodes: list[Placed] = field(default_factory=list)
    groups: list[tuple[str, list[Placed]]] = field(default_factory=list)

    def add(self, type_name: str, column: int, *, title: str = "", muted: bool = False, **inputs: object) -> Placed:
        """Place a node in a column; `inputs` are links (a `Placed`, indexed) or widget values, the rest takes its default."""
        known = node_types()[type_name]
        names = {name for name, _type in known.slots}
        if unknown := set(inputs) - names - set(known.widgets):
            raise ValueError(f"{type_name} has no input {', '.join(sorted(unknown))}")
        links = {name: value for name, value in inputs.items() if name in names}
        values = {name: value for name, value in inputs.items() if name not in names}
        values = {**_defaults(type_name), **dict(known.front_end_only), **values}
        placed = Placed(type_name, column, values, links, title, muted, id=len(self.nodes) + 1)  # pyright: ignore[reportArgumentType]
        self.nodes.append(placed)
        return placed

    def prompt(self) -> dict[str, object]:
        """What POST /prompt takes: the twin in `workflows/api`."""
        made: dict[str, object] = {}
        for one in self.nodes:
            if one.muted:
                continue
            hidden = {name for name, _value in node_types()[one.type].front_end_only}
            inputs = {name: value for name, value in one.values.items() if name not in hidden}
            inputs |= {name: [str(source.id), output] for name, (source, output) in one.links.items()}
            made[str(one.id)] = {"class_type": one.type, "inputs": inputs, "_meta": {"title": one.title or one.type}}
        return made

    def workflow(self) -> dict[str, object]:
        """What the page opens and saves."""
        self._arrange()
        links: list[list[object]] = []
        entries = {one.id: self._entry(one) for one in self.nodes}
        for one in self.nodes:
            for slot, (name, kind) in enumerate(node_types()[one.type].slots):
                if name not in one.links:
                    continue
                source, output = one.links[name]
                links.append([len(links) + 1, source.id, output, one.id, slot, kind])
                entries[one.id]["inputs"][slot]["link"] = len(links)  # pyright: ignore[reportIndexIssue, reportArgumentType]
                entries[source.id]["outputs"][output]["links"].append(len(links))  # pyright: ignore[reportIndexIssue, reportArgumentType]
        note = self._note(len(self.nodes) + 1)
        return {
            "id": str(uuid.uuid5(NAMESPACE, self.name)),
            "revision": 0,
            "last_node_id": len(self.nodes) + 1,
            "last_link_id": len(links),
            "nodes": [*entries.values(), note],
            "links": links,
            "groups": [self._group(number, title, members) for number, (title, members) in enumerate(self.groups, start=1)],
            "config": {},
            "extra": {},
            "version": 0.4,
        }

    def _arrange(self) -> None:
        """Columns from the top; what is muted below everything that runs, so that a group can go around it."""
        for muted in (False, True):
            floor = max((one.place[1] + _height(one) + 3 * GAP for one in self.nodes if muted and not one.muted), default=0)
            bottoms: dict[int, int] = {}
            for one in self.nodes:
                if one.muted == muted:
                    top = bottoms.get(one.column, floor)
                    one.place = (one.column * (WIDTH + GAP), top)
                    bottoms[one.column] = top + _height(one) + GAP + TITLE

    def _entry(self, one: Placed) -> dict[str, object]:
        known = node_types()[one.type]
        return {
            "id": one.id,
            "type": one.type,
            "pos": list(one.place),
            "size": [WIDTH, _height(one)],
            "flags": {},
            "order": one.id - 1,
            "mode": MUTED if one.muted else 0,
            "inputs": [{"name": name, "type": kind, "link": None} for name, kind in known.slots],
            "outputs": [{"name": name, "type": kind, "links": []} for name, kind in known.outputs],
            **({"title": one.title} if one.title else {}),
            "properties": {"Node name for S&R": one.type},
            "widgets_values": [one.values[name] for name in known.widgets],
        }

    def _note(self, number: int) -> dict[str, object]:
        text = "\n\n---\n\n".join("\n\n".join(translate(line, language) for line in self.note) for language in ("en", "zh_CN"))
        size = [WIDTH + 40, 430]
        return {
            "id": number, "type": "MarkdownNote", "pos": [-size[0] - GAP, 0], "size": size, "flags": {}, "order": number - 1, "mode": 0,
            "inputs": [], "outputs": [], "title": "u2studio", "properties": {}, "widgets_values": [text],
        }  # fmt: skip

    def _group(self, number: int, title: str, members: list[Placed]) -> dict[str, object]:
        left, top = min(one.place[0] for one in members) - 20, min(one.place[1] for one in members) - TITLE - 60
        right, bottom = max(one.place[0] for one in members) + WIDTH + 20, max(one.place[1] + _height(one) for one in members) + 20
        return {"id": number, "title": title, "bounding": [left, top, right - left, bottom - top], "color": "#3f789e", "font_size": 24, "flags": {}}


def _height(one: Placed) -> int:
    known = node_types()[one.type]
    long = 90 if one.type == "CLIPTextEncode" else 0
    return max(len(known.slots), len(known.outputs), 1) * ROW + len(known.widgets) * WIDGET + 20 + long + (PICTURE if known.shows_picture else 0)
