"""Where model files lie on this machine, and what their bytes hash to."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import platformdirs

from ..errors import BadInput, ModelCorrupt, ModelMissing
from .cards import Card, Source
from .foreign import foreign_places

__all__ = [
    "EMBEDDED",
    "Found",
    "converted_folder",
    "find",
    "folders",
    "is_published",
    "known_source",
    "missing",
    "own_folder",
    "published_file",
    "sha256",
    "where",
]

EMBEDDED = Path(__file__).resolve().parents[1] / "weights"
"""what comes with the program"""
VARIABLE = "U2STUDIO_MODELS"
"""folders of the user's choice, separated as in PATH"""


class Found(NamedTuple):
    """A file of a card. kind: "embedded" in the program, "own" in our folders, "converted" from another's and kept, "other": rembg's or ComfyUI's."""

    path: Path
    kind: Literal["embedded", "own", "converted", "other"]


def folders() -> tuple[Path, ...]:
    """Where files are looked for, in this order: what comes with the program, $U2STUDIO_MODELS, the user's data folder."""
    chosen = [Path(one).expanduser() for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]
    return (EMBEDDED, *chosen, platformdirs.user_data_path("u2studio", appauthor=False) / "models")


def own_folder() -> Path:
    """Where new files go: the first of $U2STUDIO_MODELS, else the user's data folder. It need not exist yet."""
    return folders()[1]


def converted_folder() -> Path:
    """Where conversions of other programs' files are kept. It can be deleted at any time."""
    return platformdirs.user_cache_path("u2studio", appauthor=False) / "converted"


def find(card: Card) -> Path:
    """The card's safetensors file in our own folders, ready to load. Raises: ModelMissing; `prepare.prepare` also looks at other programs' files."""
    if card.folder:
        if (file := card.folder / card.files[0]).is_file():
            return file
        raise BadInput("There is no file {name}.", name=str(file))
    for folder in folders():
        if (file := folder / f"{card.id}.safetensors").is_file():
            return file
    raise missing(card)


def published_file(card: Card, more: tuple[Path, ...] = ()) -> Path:
    """The authors' own file of a card, to the byte, wherever on this machine it lies.

    Args:
        card: the model.
        more: further files to try, where the host knows some.
    Raises: ModelMissing; ModelCorrupt, where there are only other files of its names.
    """
    files = [one.path for one in where(card)] + [file for file in more if file.is_file()]
    for file in files:
        if known_source(card, file):
            return file
    if files:
        raise ModelCorrupt("{file} is not the published file of the model '{card}': its hash is {found}.",
                           file=str(files[0]), card=card.id, found=sha256(files[0]))  # fmt: skip
    raise missing(card)


def where(card: Card) -> tuple[Found, ...]:
    """Every file of the card on this machine, in the order of preference: ours, then conversions, then other programs'."""
    found: list[Found] = []
    for folder in folders():
        kind = "embedded" if folder == EMBEDDED else "own"
        found += [Found(folder / name, kind) for name in card.files]
    found += [Found(file, "converted") for file in sorted(converted_folder().glob(f"{card.id}-*.safetensors"))]
    found += [Found(file, "other") for file in foreign_places(card)]
    return tuple(dict.fromkeys(one for one in found if one.path.is_file()))


def missing(card: Card) -> ModelMissing:
    """What to raise when no file of the card is here: which card, which names, where looked, how to get it."""
    return ModelMissing(
        "The model '{card}' has no file here: looked for {names} in {places} and in the folders of rembg and ComfyUI. Get it with: u2studio models pull {card}",
        card=card.id, names=", ".join(card.files), places=", ".join(str(folder) for folder in folders()),
    )  # fmt: skip


def known_source(card: Card, file: Path) -> Source | None:
    """The source whose published file `file` is, to the byte; None for all others. Raises: BadInput, when it cannot be read."""
    return next((source for source in card.sources if is_published(source, file)), None)


def is_published(source: Source, file: Path) -> bool:
    """Whether a file has the hash published for a source; never where none is. Raises: BadInput, when it cannot be read."""
    if source.sha256:
        return source.sha256 == sha256(file)
    return bool(source.md5) and source.md5 == _digest_now(file, "md5")


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes; computed again only when its size or time changes. Raises: BadInput, when it cannot be read."""
    return _digest_now(file, "sha256")


def _digest_now(file: Path, algorithm: str) -> str:
    try:
        now = file.stat()
        return _digest(file, algorithm, now.st_size, now.st_mtime_ns)
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error)) from None


@lru_cache(maxsize=256)
def _digest(file: Path, algorithm: str, _size: int, _mtime_ns: int) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
