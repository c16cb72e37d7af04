"""Which models there are: what comes with the pack or was found on this machine, and the files of ComfyUI's folder models/u2net."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import folder_paths  # pyright: ignore[reportMissingImports]

from ..shared_core import BadInput, ModelMissing
from ..shared_core.models.cards import Card, card, cards
from ..shared_core.models.identify import identify
from ..shared_core.models.prepare import prepare
from ..shared_core.models.store import find, where

__all__ = ["FOLDER", "ModelFile", "check_model", "choices", "in_folder", "model_file", "register_folder"]

FOLDER = "u2net"
REMEMBERED = 5.0
"""seconds; ComfyUI asks for a node's choices several times a run"""


@dataclass(frozen=True)
class ModelFile:
    """What travels from the loader to the other nodes: a file and the card it goes by. It holds no weights."""

    card: Card
    path: Path

    @property
    def stamp(self) -> tuple[str, int, int]:
        """Changes when the file does."""
        now = self.path.stat()
        return str(self.path), now.st_mtime_ns, now.st_size


def register_folder() -> None:
    """Make `models/u2net` known to ComfyUI, beside the places that extra_model_paths.yaml may already name for it."""
    paths, extensions = folder_paths.folder_names_and_paths.get(FOLDER, ([], set()))
    # a folder that extra_model_paths.yaml named first has no extensions, which would list every file
    folder_paths.folder_names_and_paths[FOLDER] = (paths, set(extensions) | {".safetensors"})
    folder_paths.add_model_folder_path(FOLDER, str(Path(folder_paths.models_dir) / FOLDER))


def choices(task: str = "") -> list[str]:
    """What a list of models shows: ids of the cards that have a file here (of `task`, where one is named), then the files of the folder."""
    here = [one.id for one in _cards_here(int(time.monotonic() / REMEMBERED)) if task in ("", one.task)]
    return [*here, *(name for name in folder_paths.get_filename_list(FOLDER) if name.endswith(".safetensors"))]


def check_model(name: str, task: str = "") -> None:
    """Whether `model_file` will find it, as far as can be told at once. Raises: as `model_file`."""
    if not (name in {one.id for one in cards()} and name in choices(task)):  # a card's file may have to be converted first
        model_file(name, task)


def model_file(name: str, task: str = "") -> ModelFile:
    """The model that a list shows as `name`: a card's id, for which other programs' files will do, too, or a file of the folder.

    Raises: BadInput, naming what there is; ModelMissing; ModelCorrupt.
    """
    if name in {one.id for one in cards()}:
        return ModelFile(card(name), _file_of(card(name)))
    if name not in choices(task):
        known, folder = ", ".join(choices(task)), str(Path(folder_paths.models_dir) / FOLDER)
        raise BadInput("There is no model '{name}' here; there are: {known}. Files in {folder} are listed too.", name=name, known=known, folder=folder)
    path = Path(folder_paths.get_full_path_or_raise(FOLDER, name))
    return ModelFile(identify(path, task or None), path)


@lru_cache(maxsize=1)
def _cards_here(_moment: int) -> tuple[Card, ...]:
    return tuple(one for one in cards() if not one.as_published and (where(one) or in_folder(one)))


def _file_of(one: Card) -> Path:
    try:
        return find(one)
    except ModelMissing:
        files = in_folder(one)
        return next((file for file in files if file.suffix == ".safetensors"), None) or prepare(one, tuple(files))


def in_folder(one: Card) -> list[Path]:
    """Files of the folder that go by a name of a card."""
    return [Path(path) for name in one.files if (path := folder_paths.get_full_path(FOLDER, name))]
