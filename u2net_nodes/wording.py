"""Texts of the node pack: English where they are written, Simplified Chinese out of the one catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from ..shared_core.spec import Option
from ..shared_core.texts import translate

__all__ = ["Words", "_", "words"]


def _(text: str) -> str:
    """Marks `text` as one that users read, so that the catalogue must hold it."""
    return text


@dataclass(frozen=True)
class Words:
    """A text in translatable sentences; after them a unit in brackets, or what the answers to choose from are called."""

    sentences: tuple[str, ...]
    unit: str = ""
    options: tuple[Option, ...] = ()

    def text(self, language: str = "en") -> str:
        """The whole text in `language` ("en", "zh_CN")."""
        blank, colon, comma, stop = ("", "：", "，", "。") if language == "zh_CN" else (" ", ": ", ", ", ".")
        sentences = [translate(sentence, language) for sentence in self.sentences]
        # a list of "none: None" would say nothing
        named = [(one.id, translate(one.title, language)) for one in self.options]
        if any(name.lower() != title.lower() for name, title in named):
            sentences.append(comma.join(f"{name}{colon}{title}" for name, title in named) + stop)
        joined = blank.join(sentences)
        return f"{joined} ({self.unit})" if self.unit else joined


def words(*sentences: str, unit: str = "", options: tuple[Option, ...] = ()) -> Words:
    """`Words` of these sentences; empty ones are left out."""
    return Words(tuple(sentence for sentence in sentences if sentence), unit, options)
