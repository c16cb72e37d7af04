"""u2studio: matting, portrait drawing, anime faces and retouch for GIMP, ComfyUI and the command line.

Nothing happens on import. This folder is the importable package `u2studio` and, cloned into `custom_nodes`, a ComfyUI pack.
"""

__version__ = "0.1.0"

WEB_DIRECTORY = "./u2net_nodes/web"


async def comfy_entrypoint():
    """The pack's nodes. Called by ComfyUI only; pip, pytest and the worker import this file where ComfyUI is absent."""
    from .u2net_nodes.extension import U2StudioExtension  # noqa: PLC0415 (there is no comfy elsewhere)

    return U2StudioExtension()
