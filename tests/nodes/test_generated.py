"""Translations, help pages, schemas and workflows are what the specification says now."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from u2studio.u2net_nodes.description import all_nodes
from u2studio.u2net_nodes.generate.__main__ import stale
from u2studio.u2net_nodes.generate.help_pages import FOLDER, picture_path

ROOT = Path(__file__).resolve().parents[2]
HAN = re.compile(r"[一-鿿]")


def test_nothing_generated_is_stale() -> None:
    assert stale() == [], "run: python -m u2studio.u2net_nodes.generate"


def _texts(content: object) -> list[str]:
    if isinstance(content, dict):
        return [text for value in content.values() for text in _texts(value)]
    return [str(content)]


def test_both_languages_hold_the_same_texts() -> None:
    def keys(content: object, place: str = "") -> set[str]:
        return {name for key, value in content.items() for name in keys(value, f"{place}/{key}")} if isinstance(content, dict) else {place}

    english, chinese = (json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8")) for language in ("en", "zh"))
    assert keys(english) == keys(chinese)
    assert not [text for text in _texts(chinese) if not HAN.search(text)]
    assert not [text for text in _texts(english) if HAN.search(text)]


def test_messages_hold_no_code_of_the_page() -> None:
    for path in (ROOT / "locales").rglob("*.json"):
        for text in _texts(json.loads(path.read_text(encoding="utf-8"))):
            assert not re.search(r"[@|{}]", re.sub(r"\{'[^']*'\}", "", text)), text


@pytest.mark.parametrize("node", all_nodes(), ids=lambda node: node.id)
def test_every_help_page_has_its_picture(node) -> None:
    picture = Image.open(ROOT / FOLDER / picture_path(node))
    assert picture.width > 200
    for language in ("en", "zh"):
        page = (ROOT / FOLDER / node.id / f"{language}.md").read_text(encoding="utf-8")
        assert f"]({picture_path(node)})" in page
        assert bool(HAN.search(page)) == (language == "zh")
