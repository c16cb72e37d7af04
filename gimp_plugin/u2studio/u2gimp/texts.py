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


def with_mnemonics(labels: list[str]) -> list[str]:
    """The labels, each with a key of its own marked by "_": a letter of it, or one in brackets where it has none (Chinese)."""
    free = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in RESERVED]
    made = []
    for label in labels:
        at = next((index for index, letter in enumerate(label) if letter.lower() in free), None)
        if at is not None:
            free.remove(label[at].lower())
            made.append(f"{label[:at]}_{label[at:]}")
        else:
            made.append(f"{label}(_{free.pop(0).upper()})" if free else label)
    return made
