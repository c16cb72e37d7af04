"""What ComfyUI asks for the pack's nodes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from comfy_api.latest import ComfyExtension, io  # pyright: ignore[reportMissingImports]

__all__ = ["U2StudioExtension"]

NEEDED = {
    "cv2": "opencv-python-headless",
    "numpy": "numpy",
    "PIL": "pillow",
    "platformdirs": "platformdirs",
    "safetensors": "safetensors",
    "skimage": "scikit-image",
}
"""module → the package that brings it; torch is ComfyUI's own"""


class U2StudioExtension(ComfyExtension):
    """The pack. Raises ImportError, when packages are missing: ComfyUI logs its one line, and starts without the pack."""

    def __init__(self) -> None:
        if missing := [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]:
            requirements = Path(__file__).resolve().parents[1] / "requirements.txt"
            raise ImportError(f'u2studio needs {", ".join(missing)}. Install with: "{sys.executable}" -m pip install -r "{requirements}"')

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Every node class."""
        # only now: these import what may be missing
        from .model_files import register_folder  # noqa: PLC0415
        from .nodes import node_classes  # noqa: PLC0415

        register_folder()
        return node_classes()
