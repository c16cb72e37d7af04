"""Every text a user can meet is in the catalogue, and the catalogue holds nothing else."""

from __future__ import annotations

import ast
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

from u2studio.shared_core import operations
from u2studio.shared_core.texts import catalogue

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("shared_core", "u2net_nodes", "gimp_plugin") for path in sorted((ROOT / folder).rglob("*.py"))]
ERRORS = {"BadInput", "ModelMissing", "ModelCorrupt", "OutOfMemory", "Cancelled", "WorkerError"}
TEXT_FIELDS = {"title", "help", "summary"}


def _literals(node: ast.expr) -> list[str]:
    """Every string a text argument can be: a literal, or either side of a conditional expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _literals(node.body) + _literals(node.orelse)
    return []


def _spoken(tree: ast.AST) -> set[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ERRORS or name in ("say", "_", "notice", "Notice"):
            found += _literals(node.args[0])
        elif name in ("progress", "on_progress") and len(node.args) == 3:
            found += _literals(node.args[2])
    return set(found)


def _specified(value: object) -> set[str]:
    if isinstance(value, tuple):
        return set().union(*map(_specified, value)) if value else set()
    if not is_dataclass(value):
        return set()
    found: set[str] = set()
    for one in fields(value):
        held = getattr(value, one.name)
        found |= {held} if one.name in TEXT_FIELDS else _specified(held)
    return found


def user_texts() -> set[str]:
    """Every English text a user can meet."""
    texts = _specified(operations())
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts |= _spoken(tree)
        for node in ast.walk(tree):  # tables of texts that are looked up later say so by their annotation
            if isinstance(node, ast.AnnAssign) and "Texts" in ast.unparse(node.annotation) and node.value is not None:
                texts |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value}
    from u2studio.shared_core.models.cards import cards

    for card in cards():
        texts |= {card.title, card.summary}
    return {text for text in texts if re.search(r"[A-Za-z]", re.sub(r"\{[^}]*\}", "", text))}


def test_every_text_is_translated() -> None:
    missing = sorted(user_texts() - set(catalogue("zh_CN")))
    assert not missing, "no Simplified Chinese for:\n" + "\n".join(missing)


def test_no_translation_is_left_over() -> None:
    stale = sorted(set(catalogue("zh_CN")) - user_texts())
    assert not stale, "translated, but nobody says it:\n" + "\n".join(stale)


def test_translations_name_the_same_places() -> None:
    for english, chinese in catalogue("zh_CN").items():
        assert sorted(re.findall(r"\{[^}]*\}", english)) == sorted(re.findall(r"\{[^}]*\}", chinese)), english
        assert chinese.strip(), english
