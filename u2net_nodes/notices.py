"""What the user should know about a result: a line under the node that made it, and one in ComfyUI's log."""

from __future__ import annotations

import logging
import sys

from comfy_execution.utils import get_executing_context  # pyright: ignore[reportMissingImports]

__all__ = ["show_notice"]

log = logging.getLogger(__name__)


def show_notice(sentence: str) -> None:
    """Show a sentence on the node that is running."""
    log.warning("u2studio: %s", sentence)
    server = sys.modules.get("server")  # it loads the whole program: not to be imported where nodes run without it
    context, running = get_executing_context(), getattr(getattr(server, "PromptServer", None), "instance", None)
    if context is not None and running is not None:
        running.send_progress_text(sentence, context.node_id)
