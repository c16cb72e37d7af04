"""Whether a model file is whole, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import torch
from safetensors.torch import load_file

from ..errors import ModelCorrupt
from .cards import Card
from .convert import read_checkpoint, read_metadata, weights_sha256
from .prepare import prepare
from .store import known_source, published_file, sha256

__all__ = ["Verified", "verify"]


class Verified(NamedTuple):
    """A file that holds the card's network, whole."""

    path: Path
    sha256: str
    origin: Literal["published", "converted", "unknown"]
    """published: the published file to the byte. converted: from the published file, and unchanged since. unknown: nothing says who made it"""


def verify(card: Card) -> Verified:
    """Check the file that is used for a card: its hash, its network, its numbers.

    Raises: ModelMissing; ModelCorrupt, when it is damaged, was changed after its conversion, or holds another network.
    """
    if card.as_published:
        file = published_file(card)
        return Verified(file, sha256(file), "published")
    file = prepare(card)
    found = read_checkpoint(file)
    if found.network != card.network:
        raise ModelCorrupt("{file} holds {found}; the model '{card}' is {expected}.",
                           file=file.name, found=str(found.network), card=card.id, expected=str(card.network))  # fmt: skip
    for key, value in found.state.items():
        if not torch.isfinite(value).all():
            raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=f"{key} holds numbers that are not finite")
    if known_source(card, file):
        return Verified(file, sha256(file), "published")
    note = read_metadata(file)
    if "weights_sha256" in note and note["weights_sha256"] != weights_sha256(load_file(file)):
        raise ModelCorrupt("{file} has changed since it was made: its weights are not those that its note describes.", file=file.name)
    return Verified(file, sha256(file), "converted" if note.get("card") == card.id and note.get("published") else "unknown")
