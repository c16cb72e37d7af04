"""The one error tree. A host shows `error.text(language)` in its own way; a user never sees a traceback for these.

U2StudioError
├── BadInput         a picture, a parameter or a file that cannot be worked with
├── ModelMissing     no file for a card: which card, which names, where looked, how to get it
├── ModelCorrupt     a file that is not what its card or its name says
├── OutOfMemory      too large for this device, after the smaller tries
└── Cancelled        the host asked to stop; nothing half-written is left
"""

from __future__ import annotations

from .texts import translate

__all__ = ["BadInput", "Cancelled", "ModelCorrupt", "ModelMissing", "OutOfMemory", "U2StudioError"]


class U2StudioError(Exception):
    """Base of all errors a user can act on: an English sentence with named places, and the values that fill them."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values

    def text(self, language: str = "en") -> str:
        """The sentence in `language` ("en", "zh_CN"), filled in."""
        return translate(self.sentence, language).format(**self.values)

    def __str__(self) -> str:
        return self.text()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.sentence, self.values)


def _rebuild(kind: type[U2StudioError], sentence: str, values: dict[str, object]) -> U2StudioError:
    return kind(sentence, **values)


class BadInput(U2StudioError):
    """What was given cannot be worked with."""


class ModelMissing(U2StudioError):
    """No file of a card was found."""


class ModelCorrupt(U2StudioError):
    """A model file is damaged, or holds another network than its card says."""


class OutOfMemory(U2StudioError):
    """Too large for the device, also in the smallest pieces."""


class Cancelled(U2StudioError):
    """The host asked to stop."""

    def __init__(self, sentence: str = "Stopped.", **values: object) -> None:
        super().__init__(sentence, **values)
