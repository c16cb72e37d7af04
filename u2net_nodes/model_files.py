"""Which models there are: what comes with the pack, what `u2studio models pull` got, and the files of ComfyUI's folder models/u2net."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import folder_paths  # pyright: ignore[reportMissingImports]

from ..shared_core import BadInput, ModelMissing
from ..shared_core.models.cards import Card, card, cards
from ..shared_core.models.identify import identify
from ..shared_core.models.store import find, folders

__all__ = ["FOLDER", "ModelFile", "choices", "model_file", "register_folder"]

FOLDER = "u2net"


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
    here = [one.id for one in cards(task or None) if _stored(one)]
    return [*here, *(name for name in folder_paths.get_filename_list(FOLDER) if name.endswith(".safetensors"))]


def model_file(name: str, task: str = "") -> ModelFile:
    """The model that a list showed as `name`, a card's id or a file of the folder; a card's id also finds a file of the folder.

    Raises: BadInput, naming what there is; ModelMissing; ModelCorrupt.
    """
    if name in {one.id for one in cards()}:
        return ModelFile(card(name), _file_of(card(name)))
    if name not in choices(task):
        known, folder = ", ".join(choices(task)), str(Path(folder_paths.models_dir) / FOLDER)
        raise BadInput("There is no model '{name}' here; there are: {known}. Files in {folder} are listed too.", name=name, known=known, folder=folder)
    path = Path(folder_paths.get_full_path_or_raise(FOLDER, name))
    return ModelFile(identify(path, task or None), path)


def _stored(one: Card) -> bool:
    return any((folder / name).is_file() for folder in folders() for name in one.files if name.endswith(".safetensors"))


def _file_of(one: Card) -> Path:
    try:
        return find(one)
    except ModelMissing:
        for name in one.files:
            if path := folder_paths.get_full_path(FOLDER, name):
                return Path(path)
        raise ModelMissing(
            "The model '{card}' has no file here: put {names} into {folder}, or get it with: u2studio models pull {card}",
            card=one.id, names=one.files[0], folder=str(Path(folder_paths.models_dir) / FOLDER),
        ) from None  # fmt: skip
