"""Any checkpoint that people have → one safetensors file under the network's own names. Nothing in a checkpoint is ever executed."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import BadInput, ModelCorrupt
from .cards import Card, Network, cards
from .recognise import Recognised, build, recognise
from .store import known_source, sha256

__all__ = ["Converted", "convert", "read_checkpoint", "read_metadata", "weights_sha256"]

METADATA = "u2studio"
"""one metadata entry holding JSON: safetensors writes several entries in random order, and equal weights should be equal bytes"""

MORE_THAN_WEIGHTS = ("GLOBAL", "Unsupported class", "Trying to", "Can only", "Unsupported operand 149")
"""how PyTorch's unpickler says that it would have to call something; operand 149 opens a frame of pickle 4, which it does not read at all"""


LARGEST_DIFFERENCE = 1e-3
"""between an ONNX file and its conversion; rounding makes 1e-5 to 1e-4, a misplaced tensor 0.1 and more"""


class Converted(NamedTuple):
    """What a conversion made, and of which file."""

    path: Path
    network: Network
    card_id: str
    """the card it was said to be for, the card whose known hash it has, or empty"""
    source_sha256: str
    difference: float | None
    """largest difference of any output, 0..1, with both files run on one picture; None where only one of them can be run here"""


def convert(source: Path, target: Path, *, card: Card | None = None, overwrite: bool = False) -> Converted:
    """Write the weights of a checkpoint as safetensors, float32, with a note of where they came from.

    The target appears whole or not at all. The same source gives the same bytes. An ONNX file is run beside its conversion, where onnxruntime is installed,
    and nothing is written when they differ.

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
    card = card or next((one for one in cards() if known_source(one, source)), None)
    if card is not None and card.network != found.network:
        raise ModelCorrupt("{file} holds {found}; the model '{card}' is {expected}.",
                           file=source.name, found=str(found.network), card=card.id, expected=str(card.network))  # fmt: skip
    state = {key: (value.float() if value.is_floating_point() else value).contiguous() for key, value in found.state.items()}
    difference = _proved(source, found._replace(state=state))
    card_id = card.id if card else ""
    note = {"card": card_id, "network": str(found.network), "source_sha256": sha256(source), "weights_sha256": weights_sha256(state)}
    if card is not None and known_source(card, source):
        note["published"] = "yes"
    _write(target, state, {METADATA: json.dumps(note, ensure_ascii=False, sort_keys=True)})
    return Converted(target, found.network, card_id, note["source_sha256"], difference)


def weights_sha256(state: dict[str, Tensor]) -> str:
    """Hexadecimal SHA-256 over names, shapes and bytes of the tensors, in the order of the names: tells whether weights are still what they were."""
    digest = hashlib.sha256()
    for key in sorted(state):
        value = state[key].cpu().contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().data)
    return digest.hexdigest()


def read_checkpoint(file: Path) -> Recognised:
    """The network and the weights in a checkpoint of any kind, on the CPU.

    Raises: BadInput, when it is not there or cannot be opened without running code from it; ModelCorrupt.
    """
    kind = _kind(file)
    if kind == "torch":
        return recognise(_read_torch(file), file.name)
    if kind == "safetensors":
        return recognise(_read_safetensors(file), file.name)
    from .onnx_weights import read_onnx

    return recognise(read_onnx(file), file.name)


def _kind(file: Path) -> Literal["torch", "safetensors", "onnx"]:
    """What a file is, by its first bytes; ONNX has no mark of its own and is what remains."""
    try:
        with file.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error)) from None
    if not head:
        raise ModelCorrupt("{file} is empty.", file=file.name)
    if head.lstrip()[:1] == b"<":
        raise ModelCorrupt("{file} is a web page, not a model: the download did not give the file.", file=file.name)
    if head[:4] == b"PK\x03\x04" or head[:1] == b"\x80":
        return "torch"
    return "safetensors" if head[8:9] == b"{" else "onnx"


def read_metadata(file: Path) -> dict[str, str]:
    """The note `convert` left in a safetensors file: card, network, source_sha256, weights_sha256, and
    published where the source was the card's published file. Empty for files of others."""
    try:
        with safe_open(file, framework="pt") as opened:
            note = json.loads((opened.metadata() or {}).get(METADATA, "{}"))
    except (SafetensorError, OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _proved(source: Path, found: Recognised) -> float | None:
    """How far an ONNX file and our network with its weights differ; None where that cannot be tried. Raises: ModelCorrupt."""
    if _kind(source) != "onnx":
        return None
    from .proof import difference_from_onnx

    network = build(found.network, batch_norm=found.batch_norm)
    network.load_state_dict(found.state, assign=True)
    difference = difference_from_onnx(source, network.eval())
    if difference is not None and not difference <= LARGEST_DIFFERENCE:
        raise ModelCorrupt("{file} and its conversion give different pictures (by up to {difference:.3f}); nothing was written.",
                           file=source.name, difference=difference)  # fmt: skip
    return difference


def _read_torch(file: Path) -> object:
    if _is_torchscript(file):
        raise BadInput("{file} is a TorchScript program, not a set of weights; it stays closed.", file=file.name)
    if _is_tar(file):  # PyTorch before 2.6 ran code from these in spite of weights_only (CVE-2025-32434)
        raise BadInput("{file} is a tar archive in the manner of PyTorch 0.1, which can run code; it stays closed.", file=file.name)
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


def _is_tar(file: Path) -> bool:
    try:
        with tarfile.open(file, "r:"):
            return True
    except (tarfile.TarError, OSError):
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
