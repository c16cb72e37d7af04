"""The core's progress as ComfyUI's progress bar, and ComfyUI's stop button as the core's `Cancelled`."""

from __future__ import annotations

import comfy.model_management  # pyright: ignore[reportMissingImports]
import comfy.utils  # pyright: ignore[reportMissingImports]
import torch
from comfy.cli_args import LatentPreviewMethod, args  # pyright: ignore[reportMissingImports]
from PIL import Image
from torch import Tensor

from ..shared_core import Cancelled, Progress

__all__ = ["comfy_progress", "show_preview", "stop_if_asked"]

PAPER = (48, 48, 48)
"""what is behind a transparent preview"""

Interrupt = comfy.model_management.InterruptProcessingException


def comfy_progress(piece: int = 0, pieces: int = 1) -> Progress:
    """Progress of one piece out of equal ones, shown on the node that is running."""
    bar = comfy.utils.ProgressBar(1)

    def report(done: int, total: int, note: str) -> None:  # noqa: ARG001 (the bar has no room for words)
        stop_if_asked()
        try:
            bar.update_absolute(piece * total + done, pieces * total)
        except Interrupt as stop:  # the bar looks at the flag, too, and takes it down
            raise Cancelled from stop

    return report


def show_preview(picture: Tensor) -> None:
    """The first of a batch on the node that is running, where the user has asked ComfyUI for previews. [B, H, W] or [B, H, W, C], 0..1."""
    if args.preview_method == LatentPreviewMethod.NoPreviews:
        return
    levels = picture[0].mul(255).to("cpu", torch.uint8).numpy()
    shown = Image.fromarray(levels).convert("RGBA")
    whole = Image.new("RGB", shown.size, PAPER)
    whole.paste(shown, mask=shown.getchannel("A"))
    comfy.utils.ProgressBar(1).update_absolute(1, 1, ("JPEG", whole, args.preview_size))


def stop_if_asked() -> None:
    """Raises: Cancelled, when the user has pressed stop."""
    try:
        comfy.model_management.throw_exception_if_processing_interrupted()
    except Interrupt as stop:
        raise Cancelled from stop
