"""What there is: the procedures of operations.json, which is generated from the core's specification."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["HERE", "default_parameters", "installed", "procedure", "procedures", "version"]

HERE = Path(__file__).resolve().parents[1]


@cache
def _table() -> dict[str, Any]:
    return json.loads((HERE / "operations.json").read_text(encoding="utf-8"))


def version() -> str:
    """Of u2studio."""
    return _table()["version"]


def procedures() -> list[dict[str, Any]]:
    """All of them, in the order of the menu."""
    return _table()["procedures"]


def procedure(name: str) -> dict[str, Any]:
    """The one called `name`."""
    return next(one for one in procedures() if one["name"] == name)


def default_parameters(operation: str) -> dict[str, Any]:
    """The default of each parameter of an operation."""
    return {one["name"]: one["default"] for found in procedures() if found["operation"] == operation for one in found["parameters"]}


def installed() -> dict[str, Any]:
    """What `u2studio gimp install` left: the command that starts a worker. Empty where the folder was copied by hand."""
    try:
        return json.loads((HERE / "installed.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
