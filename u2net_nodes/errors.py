"""The core's errors as ComfyUI shows them: one sentence in the user's language; a stop and an exhausted memory in ComfyUI's own classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import comfy.model_management as management  # pyright: ignore[reportMissingImports]
import folder_paths  # pyright: ignore[reportMissingImports]

from ..shared_core import Cancelled, OutOfMemory, U2StudioError

__all__ = ["NodeError", "as_comfyui_errors", "user_language"]


class NodeError(Exception):
    """What a user reads in the red box of a node."""


@contextmanager
def as_comfyui_errors() -> Iterator[None]:
    """At the edge of a node: nothing of ours leaves it under a class that ComfyUI does not know how to treat."""
    try:
        yield
    except Cancelled as stop:
        raise management.InterruptProcessingException from stop
    except OutOfMemory as error:  # ComfyUI frees all models on this class, and adds its own advice
        raise management.OOM_EXCEPTION(error.text(user_language())) from error
    except U2StudioError as error:
        raise NodeError(error.text(user_language())) from error


def user_language() -> str:
    """The language chosen in ComfyUI's settings, "zh_CN" or "en". Where it keeps several users apart, nobody can tell: English."""
    try:
        settings = json.loads((Path(folder_paths.get_user_directory()) / "default" / "comfy.settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "en"
    return "zh_CN" if settings.get("Comfy.Locale") == "zh" else "en"
