"""Any checkpoint that people have → one safetensors file under the network's own names. Nothing in a checkpoint is ever executed."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import BadInput, ModelCorrupt
from .cards import Card, Network, cards
from .recognise import Recognised, recognise
from .store import sha256

__all__ = ["Converted", "convert", "read_checkpoint", "read_metadata"]

METADATA = "u2studio"
"""one metadata entry holding JSON: safetensors writes several entries in random order, and equal weights should be equal bytes"""

MORE_THAN_WEIGHTS = ("GLOBAL", "Unsupported class", "Trying to", "Can only", "Unsupported operand 149")
"""how PyTorch's unpickler says that it would have to call something; operand 149 opens a frame of pickle 4, which it does not read at all"""


class Converted(NamedTuple):
    """What a conversion made, and of which file."""

    path: Path
    network: Network
    card_id: str
    """the card it was said to be for, the card whose known hash it has, or empty"""
    source_sha256: str


def convert(source: Path, target: Path, *, card: Card | None = None, overwrite: bool = False) -> Converted:
    """Write the weights of a checkpoint as safetensors, float32, with a note of where they came from.

    The target appears whole or not at all. The same source gives the same bytes.

    Args:
        source: `.pth`, `.pt`, `.ckpt`, `.onnx` or `.safetensors`; told apart by content, not by name.
        target: the file to write.
        card: the card it must fit; default: the one that knows the source's hash, if any.
        overwrite: replace an existing target.
    Raises: BadInput, ModelCorrupt.
    """
    if target.suffix != ".safetensors":
        raise BadInput("{file} must end in .safetensors.", file=target.name)
    if target.exists() and not overwrite:
        raise BadInput("{file} exists already; nothing was written.", file=str(target))
    found = read_checkpoint(source)
    source_hash = sha256(source)
    if card is None:
        card = next((one for one in cards() if any(known.sha256 == source_hash for known in one.sources)), None)
    if card is not None and card.network != found.network:
        raise ModelCorrupt("{file} holds {found}; the model '{card}' is {expected}.",
                           file=source.name, found=str(found.network), card=card.id, expected=str(card.network))  # fmt: skip
    note = {"card": card.id if card else "", "network": str(found.network), "source_sha256": source_hash}
    state = {key: (value.float() if value.is_floating_point() else value).contiguous() for key, value in found.state.items()}
    _write(target, state, {METADATA: json.dumps(note, ensure_ascii=False, sort_keys=True)})
    return Converted(target, found.network, note["card"], source_hash)


def read_checkpoint(file: Path) -> Recognised:
    """The network and the weights in a checkpoint of any kind, on the CPU.

    Raises: BadInput, when it is not there or cannot be opened without running code from it; ModelCorrupt.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error)) from None
    if head.lstrip()[:1] == b"<":
        raise ModelCorrupt("{file} is a web page, not a model: the download did not give the file.", file=file.name)
    if not head:
        raise ModelCorrupt("{file} is empty.", file=file.name)
    if head[:4] == b"PK\x03\x04" or head[:1] == b"\x80":
        return recognise(_read_torch(file), file.name)
    if head[8:9] == b"{":
        return recognise(_read_safetensors(file), file.name)
    from .onnx_weights import read_onnx

    return recognise(read_onnx(file), file.name)


def read_metadata(file: Path) -> dict[str, str]:
    """The note `convert` left in a safetensors file: card, network, source_sha256. Empty for files of others."""
    try:
        with safe_open(file, framework="pt") as opened:
            note = json.loads((opened.metadata() or {}).get(METADATA, "{}"))
    except (SafetensorError, OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _read_torch(file: Path) -> object:
    if _is_torchscript(file):
        raise BadInput("{file} is a TorchScript program, not a set of weights; it stays closed.", file=file.name)
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if any(sign in str(error) for sign in MORE_THAN_WEIGHTS):
            raise BadInput(
                "{file} holds more than weights: opening it would run code from the file, so it stays closed. Get a .safetensors or the bare state dict.",
                file=file.name,
            ) from None
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason="broken pickle") from None
    except Exception as error:  # a mangled file can raise nearly anything: RuntimeError, KeyError, EOFError, UnicodeDecodeError, …
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=str(error).split("\n", 1)[0] or type(error).__name__) from None


def _is_torchscript(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except SafetensorError as error:
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=str(error)) from None


def _write(target: Path, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write under a temporary name in the same folder, then rename: readers never see half a file."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=".part", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=error.strerror or str(error)) from None
    temporary = Path(name)
    try:
        save_file(state, temporary, metadata)
        temporary.chmod(0o644)  # mkstemp makes files for the owner alone
        temporary.replace(target)
    except (OSError, SafetensorError) as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=str(error)) from None
    finally:
        temporary.unlink(missing_ok=True)
