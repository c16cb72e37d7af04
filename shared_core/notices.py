"""What a host tells its user beside a result: nothing failed, but something should be known."""

from __future__ import annotations

from .texts import translate

__all__ = ["Notice"]


class Notice:
    """An English sentence with named places, and the values that fill them; a host shows `text(language)` in its own way."""

    def __init__(self, sentence: str, **values: object) -> None:
        self.sentence = sentence
        self.values = values

    def text(self, language: str = "en") -> str:
        """The sentence in `language` ("en", "zh_CN"), filled in."""
        return translate(self.sentence, language).format(**self.values)
