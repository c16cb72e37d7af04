"""Which card a file of unknown origin goes by."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from ..errors import BadInput, ModelCorrupt
from .cards import Card, cards
from .convert import read_metadata
from .recognise import recognise
from .store import sha256

__all__ = ["identify"]


def identify(file: Path, task: str | None = None) -> Card:
    """The card that says how to feed and read the network in `file`. Only the file's head is read, and where that does not decide, its hash.

    What decides, in this order: the card noted in the file, a known hash, a known file name, a folder above it named like a task, the kind of network.

    Args:
        file: a safetensors file.
        task: where several cards would do, prefer one of this task.
    Raises: ModelCorrupt, when it is damaged or holds none of our networks; BadInput, when it cannot be read.
    """
    network = recognise(_shapes(file), file.name).network
    fitting = sorted((one for one in cards() if one.network == network), key=lambda one: one.task != task)
    if not fitting:
        raise ModelCorrupt("{file} holds {found}, which no model known here describes.", file=file.name, found=str(network))
    if len(fitting) == 1:
        return fitting[0]
    noted, folders = read_metadata(file).get("card", ""), {folder.name for folder in file.parents}
    signs = (
        lambda one: one.id == noted,
        lambda one: sha256(file) in {source.sha256 for source in one.sources},
        lambda one: file.name in one.files,
        lambda one: one.task in folders,
    )
    return next((one for sign in signs for one in fitting if sign(one)), fitting[0])


def _shapes(file: Path) -> dict[str, torch.Tensor]:
    """The weights without their memory."""
    try:
        with safe_open(file, "pt") as opened:
            return {key: torch.empty(opened.get_slice(key).get_shape(), device="meta") for key in opened.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=str(error)) from None
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error)) from None
