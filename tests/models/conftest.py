"""Checkpoints made by code: right keys and shapes, random or no weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from u2studio.shared_core.models.cards import Network
from u2studio.shared_core.models.recognise import build

State = dict[str, Tensor]


@pytest.fixture
def shapes() -> Callable[..., State]:
    """State dict of a network on the meta device: keys and shapes, no memory."""

    def make(*, batch_norm: bool = True, **network: object) -> State:
        return dict(build(Network(**{"name": "u2net", **network}), batch_norm=batch_norm).state_dict())  # pyright: ignore[reportArgumentType]

    return make


@pytest.fixture(scope="session")
def small_state() -> State:
    """U²-NetP with batch-norm and random weights and statistics, such that activations neither die nor explode."""
    generator = torch.Generator().manual_seed(20)
    state: State = {}
    for key, like in build(Network(name="u2net", small=True), batch_norm=True).state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif key.endswith(("running_var", "bn_s1.weight")):
            state[key] = torch.rand(like.shape, generator=generator) + 0.5
        else:
            scale = 1.0 if like.ndim == 1 else (like[0].numel() / 2) ** -0.5
            scale *= 0.02 if key.startswith("side") else 1.0  # logits of a few units, where the sigmoid is not flat
            state[key] = torch.randn(like.shape, generator=generator) * scale
    return state


@pytest.fixture
def small_file(small_state: State, tmp_path: Path) -> Path:
    """The same as a file that PyTorch wrote."""
    torch.save(small_state, tmp_path / "small.pth")
    return tmp_path / "small.pth"


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models that is this user's only one; nothing of the machine's real user is seen or touched."""
    folder = tmp_path / "models"
    monkeypatch.setenv("U2STUDIO_MODELS", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "U2NET_HOME", "REMBG_HOME", "COMFYUI_PATH", "U2STUDIO_MIRROR"):
        monkeypatch.delenv(variable, raising=False)
    return folder
