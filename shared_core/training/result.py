"""The outcome of a run: weights, and a card that says how they came about."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..models.convert import METADATA, weights_sha256
from ..models.store import sha256
from .recipe import written
from .run_folder import write_whole

__all__ = ["commit", "write_card", "write_weights"]


def write_weights(file: Path, state: Mapping[str, Tensor], note: Mapping[str, str]) -> None:
    """Weights as safetensors with a note, as `models.convert` leaves one."""
    plain = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    text = json.dumps({**note, "weights_sha256": weights_sha256(plain)}, ensure_ascii=False, sort_keys=True)
    write_whole(file, lambda part: save_file(plain, part, {METADATA: text}))


def write_card(file: Path, card: Mapping[str, Any], weights: Mapping[str, Path], training: Mapping[str, Any], recipe: Mapping[str, Any]) -> None:
    """A card as TOML: what `models/cards.toml` holds of a model, the files' hashes, how it was trained, and the whole recipe.

    Args:
        file: the card.
        card: as the task tells it.
        weights: module → file, already written.
        training: step, seed, data hash, hours and the like.
        recipe: every setting.
    """
    sources = [{"kind": "address", "file": path.name, "sha256": sha256(path), "size": path.stat().st_size} for path in weights.values()]
    where = {"commit": commit(), "date": f"{datetime.now(timezone.utc):%Y-%m-%d}", "machine": platform.machine(), "torch": torch.__version__}
    files = [path.name for path in weights.values()]
    text = written({**card, "files": files, "sources": sources, "training": {**training, **where}, "recipe": recipe})
    write_whole(file, lambda part: part.write_text(text, encoding="utf-8"))


def commit() -> str:
    """The commit of the program's own checkout, with + where files differ from it; empty where it is no checkout."""
    root = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != root:
            return ""
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
