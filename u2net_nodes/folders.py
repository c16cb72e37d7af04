"""Folders of pictures below ComfyUI's input folder."""

from __future__ import annotations

from pathlib import Path

import folder_paths  # pyright: ignore[reportMissingImports]
import numpy as np
import torch
from torch import Tensor

from ..shared_core import BadInput
from ..shared_core.imaging.files import find_pictures, read_picture
from .progress import comfy_progress

__all__ = ["check_folder", "folders", "pictures_of", "stamps"]


def folders() -> list[str]:
    """Every folder there is below the input folder, as a list shows it."""
    return folder_paths.get_input_subfolders()


def check_folder(name: str) -> Path:
    """Where a folder of that name lies. Raises: BadInput, naming what there is; so nothing outside the input folder is ever read."""
    if name not in (known := folders()):
        place = folder_paths.get_input_directory()
        raise BadInput("There is no folder '{name}' in {place}; there are: {known}.", name=name, place=place, known=", ".join(known) or "none")
    return Path(folder_paths.get_input_directory()) / name


def stamps(name: str) -> list[tuple[str, int, int]]:
    """Changes when a picture comes, goes or changes."""
    return [(path.name, (now := path.stat()).st_mtime_ns, now.st_size) for path in _paths(name)]


def pictures_of(name: str) -> list[Tensor]:
    """Every picture of a folder in the order of names, each [1, H, W, 3], float32 0..1. Raises: BadInput; Cancelled."""
    paths = _paths(name)
    progress = comfy_progress()
    pictures: list[Tensor] = []
    for number, path in enumerate(paths):
        progress(number, len(paths), "")
        pixels = read_picture(path).pixels[..., :3]
        pictures.append(torch.from_numpy(np.ascontiguousarray(pixels)).float()[None] / (255 if pixels.dtype == np.uint8 else 1))
    progress(1, 1, "")
    return pictures


def _paths(name: str) -> list[Path]:
    found = list(find_pictures([str(check_folder(name))]))
    if error := next((one.error for one in found if one.error), None):
        raise error
    if not found:
        raise BadInput("There is no picture in the folder '{name}'.", name=name)
    return [one.path for one in found if one.path]
