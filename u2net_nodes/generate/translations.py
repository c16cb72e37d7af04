"""ComfyUI's translation files: node titles, descriptions, inputs, outputs and categories in English and Simplified Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ...shared_core.texts import translate
from ..description import Node, all_nodes
from ..wording import _

__all__ = ["LANGUAGES", "files"]

LANGUAGES = {"en": "en", "zh": "zh_CN"}
"""ComfyUI's name of a language → the catalogue's"""
CATEGORIES = (_("matting"), _("finishing"), _("faces"), _("portrait"))
"""families that have a translation; others show their id"""


def files() -> dict[str, str]:
    """Path from the repository's root → text."""
    made: dict[str, str] = {}
    for folder, language in LANGUAGES.items():
        nodes = {node.id: _node(node, language) for node in all_nodes()}
        parts = sorted({part for node in all_nodes() for part in node.category.split("/")})
        made[f"locales/{folder}/nodeDefs.json"] = _json(nodes)
        made[f"locales/{folder}/main.json"] = _json({"nodeCategories": {part: translate(part, language) for part in parts}})
    return made


def _node(node: Node, language: str) -> dict[str, object]:
    return {
        "display_name": _message(node.title.text(language)),
        "description": _message(node.summary.text(language)),
        "inputs": {one.id: {"name": _message(one.title.text(language)), "tooltip": _message(one.tooltip.text(language))} for one in node.inputs},
        "outputs": {
            str(index): {"name": _message(one.title.text(language)), "tooltip": _message(one.tooltip.text(language))} for index, one in enumerate(node.outputs)
        },
    }


def _message(text: str) -> str:
    """The text as a message of vue-i18n, to which some characters are code."""
    return re.sub(r"[{}@|$]", lambda found: "{'" + found.group() + "'}", text)


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
