"""An import points down the picture of docs/architecture.md, never up, never sideways between hosts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "shared_core"
FOUNDATION = {"arrays", "errors", "notices", "processors", "progress", "texts"}
MAY_IMPORT = {
    "arrays": set(),
    "processors": set(),
    "errors": {"texts"},
    "notices": {"texts"},
    "progress": set(),
    "texts": set(),
    "spec": FOUNDATION,
    "imaging": FOUNDATION | {"spec"},
    "networks": set(),
    "models": FOUNDATION | {"networks", "spec"},
    "evaluation": FOUNDATION | {"imaging"},
    "pipelines": FOUNDATION | {"imaging", "models", "networks", "spec"},
    "door": FOUNDATION | {"spec", "pipelines", "imaging", "models"},
    "training": FOUNDATION | {"spec", "imaging", "models", "networks", "pipelines", "evaluation"},
    "export": FOUNDATION | {"imaging", "models", "networks", "pipelines"},
    "worker": FOUNDATION | {"door", "spec", "models", "imaging"},
    "cli": FOUNDATION | {"door", "spec", "models", "imaging", "training", "evaluation", "export", "worker"},
}
"""room of shared_core → the rooms it may import"""
THIRD_PARTY = {
    "arrays": {"numpy", "torch"}, "processors": {"torch"},
    "errors": set(), "notices": set(), "progress": set(), "texts": set(), "spec": set(), "door": set(),
    "networks": {"torch"}, "worker": {"torch", "numpy", "platformdirs"},
}  # fmt: skip
"""room → the only third-party packages it may import; rooms not named are free"""


def _imports(path: Path) -> list[tuple[int, str]]:
    """(level, dotted name) of every import statement, wherever it stands."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.level, f"{node.module or ''}.{alias.name}".strip(".")) for alias in node.names]
    return found


FILES = sorted(path for path in CORE.rglob("*.py") if path.parent != CORE or path.stem not in ("__init__",))


def _room(path: Path) -> str:
    return path.relative_to(CORE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_down(path: Path) -> None:
    room = _room(path)
    assert room in MAY_IMPORT, f"a new room: say in MAY_IMPORT what {room} may import"
    package = ("shared_core", *path.relative_to(CORE).parent.parts)
    for level, name in _imports(path):
        assert not name.startswith(("shared_core", "u2studio")), f"{path}: imports of ours are relative, not {name}"
        if level == 0:
            continue
        target = (*package[: len(package) - level + 1], *name.split("."))
        assert target[0] == "shared_core", f"{path} reaches out of the core: {name}"
        assert target[1] == room or target[1] in MAY_IMPORT[room], f"{path}: {room} may not import {target[1]}"


@pytest.mark.parametrize("path", [path for path in FILES if _room(path) in THIRD_PARTY], ids=lambda path: str(path.relative_to(CORE)))
def test_rooms_that_must_stay_light(path: Path) -> None:
    import sys

    for level, name in _imports(path):
        top = name.split(".")[0]
        assert level or top in sys.stdlib_module_names or top in THIRD_PARTY[_room(path)], f"{path} imports {top}"
