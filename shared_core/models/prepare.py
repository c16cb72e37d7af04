"""From a card to a file that can be loaded, converting what other programs left here, once."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import BadInput, ModelMissing, U2StudioError
from .cards import Card
from .store import Found, converted_folder, find, known_source, missing, sha256, where

__all__ = ["prepare"]

log = logging.getLogger(__name__)


def prepare(card: Card, more: tuple[Path, ...] = ()) -> Path:
    """The card's safetensors file: ours, else one converted from a .pth, .ckpt or .onnx that lies on this machine.

    Conversions are kept in the user's cache, so this takes long only the first time. A file whose hash is not known is used, and the log says so.

    Args:
        card: the model.
        more: further files to try, where the host knows some.
    Raises: BadInput, for a card that is used as published; ModelMissing; and where there are only files that cannot be used, the first one's
        ModelCorrupt or BadInput.
    """
    if card.as_published:
        raise BadInput("The model '{card}' is not one that is run for this; see: u2studio models info {card}", card=card.id)
    try:
        return find(card)
    except ModelMissing:
        pass
    refused: list[U2StudioError] = []
    candidates = [one for one in where(card) if one.kind != "converted"] + [Found(file, "other") for file in more if file.is_file()]
    for one in candidates:
        try:
            return _converted(card, one.path)
        except U2StudioError as error:  # noqa: PERF203 (a handful of files)
            log.warning("%s", error)
            refused.append(error)
    raise refused[0] if refused else missing(card)


def _converted(card: Card, file: Path) -> Path:
    target = converted_folder() / f"{card.id}-{sha256(file)[:16]}.safetensors"
    if target.is_file():
        return target
    from .convert import convert

    if known_source(card, file) is None:
        log.warning("%s is used as %s, though its hash is not one that is known here.", file, card.id)
    convert(file, target, card=card, overwrite=True)
    log.info("%s was converted to %s.", file, target)
    return target
