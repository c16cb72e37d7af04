"""Docstrings agree with signatures, and pipelines with the specification."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from u2studio.shared_core import operations
from u2studio.shared_core.spec import Operation

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "shared_core").rglob("*.py"))


def _documented(docstring: str) -> list[str]:
    """The names in an `Args:` section, "a, b: …" counted as two."""
    section = re.search(r"^Args:\n((?:[ ]{4,}.*\n?|\n)+)", inspect.cleandoc(docstring), re.MULTILINE)
    if not section:
        return []
    entries = re.findall(r"^ {4}([\w, *]+?)(?: \([^)]*\))?:", section.group(1), re.MULTILINE)
    return [name.strip(" *") for entry in entries for name in entry.split(",")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_arguments_exist(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        arguments = node.args
        names = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg) if one}
        documented = _documented(ast.get_docstring(node) or "")
        assert set(documented) <= names, f"{path.name}:{node.name} documents {set(documented) - names}, which it does not take"
        if documented:
            assert names - {"self", "cls"} == set(documented), f"{path.name}:{node.name} leaves {names - set(documented)} out of its Args"


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
def test_pipeline_takes_what_the_specification_says(operation: Operation) -> None:
    function = getattr(importlib.import_module(f"u2studio.shared_core.pipelines.{operation.family}"), operation.id)
    taken = {one.name for one in inspect.signature(function).parameters.values() if one.kind is not one.VAR_KEYWORD}
    if len(taken) < len(inspect.signature(function).parameters):  # the rest in one table, which is asked by name, or for a group of the specification
        module = inspect.getmodule(function)
        groups = [group for name, group in vars(module).items() if name.startswith("PARAMETERS_OF_")]
        asked = re.findall(r'settings\["(\w+)"\]', inspect.getsource(module))  # pyright: ignore[reportArgumentType]
        taken |= {one.name for group in groups for one in group} | set(asked)
    assert taken == {one.name for one in operation.inputs} | {one.name for one in operation.parameters} | {"job"}
