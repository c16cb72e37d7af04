"""GIMP's language."""

from __future__ import annotations

from gi.repository import GLib

__all__ = ["_", "language", "with_mnemonics"]

RESERVED = set("ochrsl")
"""keys of the buttons of GIMP's own dialogs"""


def _(text: str) -> str:
    """`text` as GIMP's language has it; itself where there is no translation."""
    return GLib.dgettext(None, text) if text else text


def language() -> str:
    """What the worker shall speak: "zh_CN" or "en"."""
    best = GLib.get_language_names()[0].replace("-", "_")
    return "zh_CN" if best == "zh" or best.startswith(("zh_CN", "zh_Hans", "zh_SG", "zh.")) else "en"


def with_mnemonics(labels: list[tuple[str, str]]) -> list[str]:
    """Labels with a key of their own, marked by "_": a letter of the title, or one in brackets where it has no letters (Chinese).

    Each is given as its title and what follows it, a unit.
    """
    free = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in RESERVED]
    made = []
    for title, rest in labels:
        at = next((index for index, letter in enumerate(title) if letter.lower() in free), None)
        if at is not None:
            free.remove(title[at].lower())
            made.append(f"{title[:at]}_{title[at:]}{rest}")
        else:
            made.append(f"{title}{rest}" if title.isascii() or not free else f"{title}{rest}(_{free.pop(0).upper()})")
    return made
