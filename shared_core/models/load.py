"""A weights file → a network ready to run on a device."""

from __future__ import annotations

import errno
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import BadInput, ModelCorrupt
from ..networks.folding import fold_batch_norm
from .cards import Card
from .recognise import build, recognise

__all__ = ["load"]


def load(card: Card, file: Path, device: torch.device | str) -> nn.Module:
    """The card's network in evaluation mode, float32, batch-norm folded, on `device`.

    The network is built without memory of its own and takes the tensors as they come from the file: there is no second copy in host memory.

    Args:
        card: what the file must hold.
        file: a safetensors file, as `convert` writes it or as others do, with batch-norm or without.
        device: where the tensors go, straight from the file.
    Raises: ModelCorrupt, when the file is damaged or holds another network; BadInput, when it cannot be read.
    """
    recognised = recognise(_read(file, device), file.name)
    if recognised.network != card.network:
        raise ModelCorrupt("{file} holds {found}; the model '{card}' is {expected}.",
                           file=file.name, found=str(recognised.network), card=card.id, expected=str(card.network))  # fmt: skip
    state = {key: value.float() if value.is_floating_point() else value for key, value in recognised.state.items()}
    if recognised.batch_norm:
        # folding computes in float64, which MPS lacks
        state = fold_batch_norm({key: value.cpu() for key, value in state.items()} if torch.device(device).type == "mps" else state)
        state = {key: value.to(device) for key, value in state.items()}
    for key, value in state.items():
        if not torch.isfinite(value).all():
            raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=f"{key} holds numbers that are not finite")
    network = build(card.network, batch_norm=False)
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _read(file: Path, device: torch.device | str) -> dict[str, Tensor]:
    try:
        return load_file(file, device=str(device))
    except SafetensorError as error:
        raise ModelCorrupt("{file} is damaged: {reason}", file=file.name, reason=str(error)) from None
    except OSError as error:
        raise BadInput("{file} cannot be read: {reason}", file=str(file), reason=error.strerror or str(error) or errno.errorcode[errno.EIO]) from None
