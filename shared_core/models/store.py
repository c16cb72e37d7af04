"""Where model files lie on this machine."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import platformdirs

from ..errors import BadInput, ModelMissing
from .cards import Card

__all__ = ["EMBEDDED", "find", "folders", "own_folder", "sha256"]

EMBEDDED = Path(__file__).resolve().parents[1] / "weights"
"""what comes with the program"""
VARIABLE = "U2STUDIO_MODELS"
"""folders of the user's choice, separated as in PATH"""


def folders() -> tuple[Path, ...]:
    """Where files are looked for, in this order: what comes with the program, $U2STUDIO_MODELS, the user's data folder."""
    chosen = [Path(one).expanduser() for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]
    return (EMBEDDED, *chosen, Path(platformdirs.user_data_dir("u2studio", appauthor=False)) / "models")


def own_folder() -> Path:
    """Where new files go: the first of $U2STUDIO_MODELS, else the user's data folder. It need not exist yet."""
    return folders()[1]


def find(card: Card) -> Path:
    """The card's file. Raises: ModelMissing, naming the card, its file names, where we looked, and how to get it."""
    for name in card.files:
        for folder in folders():
            if (folder / name).is_file():
                return folder / name
    places = ", ".join(str(folder) for folder in folders())
    raise ModelMissing("The model '{card}' has no file here: looked for {names} in {places}. Get it with: u2studio models pull {card}",
                       card=card.id, names=", ".join(card.files), places=places)  # fmt: skip


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes; computed again only when its size or time changes. Raises: BadInput, when it cannot be read."""
    try:
        now = file.stat()
        return _sha256(file, now.st_size, now.st_mtime_ns)
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error)) from None


@lru_cache(maxsize=256)
def _sha256(file: Path, _size: int, _mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
