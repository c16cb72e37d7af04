"""Folders of photos and masks, in the layouts people have them → pairs, all of them checked before anything is trained."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import BadInput, U2StudioError
from ...evaluation.data_sets import data_set_folders
from ...evaluation.folders import SUFFIXES, read_plane
from ...progress import Progress
from .classes import outside
from .faces import aligned, read_landmarks
from .labelme import labelled_files, write_masks
from .photos import photo_pixels
from .settings import Data

__all__ = ["PhotoMask", "Problems", "by_split", "check_pairs", "find_pairs", "held_out", "read_label_map", "read_mask", "read_photo"]

MANIFEST = "MANIFEST.tsv"
SPLITS = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
DUTS_TR = ("DUTS-TR-Image", "DUTS-TR-Mask")


@dataclass(frozen=True)
class PhotoMask:
    """A photo and what the network should make of it."""

    name: str
    photo: Path
    mask: Path | None
    """None: the photo's file holds both, side by side"""
    landmarks: Path | None = None
    """by which the face is aligned"""


class Problems:
    """All that is wrong with the data, said at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines.append(line)

    def refuse(self) -> None:
        """Raises: BadInput with every line, if there are any."""
        if self.lines:
            raise BadInput("{count} training pictures cannot be used, so nothing is trained:\n{problems}",
                           count=len(self.lines), problems="\n".join(self.lines))  # fmt: skip


def find_pairs(folder: Path, data: Data, masks: Path, problems: Problems) -> dict[str, list[PhotoMask]]:
    """The pairs of one folder by split ("train", "validation", "test", or "" where nothing says).

    Args:
        folder: what the recipe names.
        data: its layout and what boxes become.
        masks: where masks that must be drawn first are written.
        problems: told of photos without a mask and masks without a photo.
    Raises: BadInput, when there is no such folder or no pair in it.
    """
    if not folder.is_dir():
        raise BadInput("There is no folder {folder}.", folder=str(folder))
    layout = _layout(folder) if data.layout == "auto" else data.layout
    if layout == "labelme":
        drawn = write_masks(folder, masks / _short(folder), data.boxes, data.classes, problems.add)
        pairs = [PhotoMask(photo.stem, photo, mask) for photo, mask in drawn]
    elif layout == "halves":
        pairs = [PhotoMask(path.stem, path, None) for path in _pictures(folder)]
    else:
        pairs = _from_two_folders(folder, problems)
    if not pairs and not problems.lines:
        raise BadInput("{folder} holds no training pictures.", folder=str(folder))
    if data.align_faces:
        pairs = [replace(one, landmarks=one.photo.with_suffix(".txt")) for one in pairs]
    return by_split(folder, pairs)


def held_out(pairs: Sequence[PhotoMask], share: float) -> tuple[list[PhotoMask], list[PhotoMask]]:
    """Split into training and validation by the hash of each name: the same pictures every time, also when others are added."""
    ranked = sorted(pairs, key=lambda one: hashlib.sha256(one.name.encode()).digest())
    count = min(len(pairs) - 1, max(1, round(share * len(pairs)))) if share and len(pairs) > 1 else 0
    chosen = {id(one) for one in ranked[:count]}
    return [one for one in pairs if id(one) not in chosen], [one for one in pairs if id(one) in chosen]


def check_pairs(pairs: Sequence[PhotoMask], classes: int, problems: Problems, progress: Progress) -> str:
    """Decode every file, tell `problems` what fails, differs in size or names no class (where there are several), and return a hash over names and bytes."""
    digest = hashlib.sha256()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for index, (one, found) in enumerate(zip(pairs, pool.map(partial(_checked, classes=classes), pairs), strict=True)):
            progress(index, len(pairs), "Checking pictures")
            if isinstance(found, bytes):
                digest.update(one.name.encode() + b"\0" + found)
            else:
                problems.add(found)
    return digest.hexdigest()


def read_photo(pair: PhotoMask) -> NDArray[np.uint8]:
    """The photo, [H, W, 3], uint8, upright, sRGB. Raises: BadInput."""
    pixels = photo_pixels(pair.photo)
    pixels = pixels if pair.mask else pixels[:, : pixels.shape[1] // 2]
    return aligned(pixels, read_landmarks(pair.landmarks)) if pair.landmarks else pixels


def read_mask(pair: PhotoMask) -> NDArray[np.float32]:
    """The mask, [H, W], float32, 0..1 as stored. Raises: BadInput."""
    plane = read_label_map(pair)
    return (plane / np.iinfo(plane.dtype).max).astype(np.float32)


def read_label_map(pair: PhotoMask) -> NDArray[np.integer]:
    """The mask as stored, [H, W], 8 or 16 bits. Raises: BadInput."""
    plane = read_plane(pair.mask or pair.photo)
    if pair.mask is None:
        plane = plane[:, plane.shape[1] // 2 :]
    if pair.landmarks:
        plane = aligned(np.asarray(plane if plane.dtype == np.uint8 else plane // 257, np.uint8), read_landmarks(pair.landmarks))
    return plane


def _checked(pair: PhotoMask, classes: int) -> bytes | str:
    """A hash of the files' bytes, or what is wrong with them."""
    try:
        photo, mask = read_photo(pair), read_label_map(pair)
        if photo.shape[:2] != mask.shape:
            sizes = " and ".join(f"{shape[1]}×{shape[0]}" for shape in (photo.shape, mask.shape))
            return f"{pair.photo}: photo and mask are {sizes}" if pair.mask else f"{pair.photo}: an odd width has no halves"
        if classes and (strange := outside(mask, classes)):
            return f"{pair.mask}: {', '.join(map(str, strange[:5]))} name no class; there are 0 to {classes - 1}"
        return hashlib.sha256(b"".join(path.read_bytes() for path in (pair.photo, pair.mask, pair.landmarks) if path)).digest()
    except (U2StudioError, OSError) as error:
        return str(error)


def _layout(folder: Path) -> str:
    if labelled_files(folder):
        return "labelme"
    pictures = _pictures(folder)
    if pictures and all(_is_twice_as_wide(path) for path in pictures[:20]):
        return "halves"
    return "folders"


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _is_twice_as_wide(path: Path) -> bool:
    try:
        with Image.open(path) as opened:
            return opened.width == 2 * opened.height
    except (OSError, Image.DecompressionBombError):
        return False


def _from_two_folders(folder: Path, problems: Problems) -> list[PhotoMask]:
    photos, masks = (folder / DUTS_TR[0], folder / DUTS_TR[1]) if (folder / DUTS_TR[0]).is_dir() else data_set_folders(folder)
    together = photos == masks
    found = _by_stem(path for path in _pictures(photos) if not together or path.suffix.lower() in (".jpg", ".jpeg"))
    drawn = _by_stem(path for path in _pictures(masks) if not together or path.suffix.lower() not in (".jpg", ".jpeg"))
    for stem, path in found.items():
        if stem not in drawn:
            problems.add(f"{path}: no mask in {masks}")
    for stem, path in drawn.items():
        if stem not in found:
            problems.add(f"{path}: no photo in {photos}")
    return [PhotoMask(stem, path, drawn[stem]) for stem, path in found.items() if stem in drawn]


def _by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    return {path.stem: path for path in paths}


def by_split(folder: Path, pairs: Sequence[PhotoMask]) -> dict[str, list[PhotoMask]]:
    """Pairs by what the folder's manifest calls them; the names get the folder's, so that those of several folders stay apart."""
    splits = _manifest(folder)
    found: dict[str, list[PhotoMask]] = {}
    for one in pairs:
        split = splits.get(one.photo.relative_to(folder).as_posix(), "") if one.photo.is_relative_to(folder) else ""
        if not splits or split:
            found.setdefault(split, []).append(replace(one, name=f"{folder.name}/{one.name}"))
    return found


def _manifest(folder: Path) -> Mapping[str, str]:
    """File → split, from the columns of that name in the folder's MANIFEST.tsv; files it does not list are not part of the data."""
    file = folder / MANIFEST
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {row["file"]: SPLITS.get(row["split"].strip().lower(), "test") for row in rows if row.get("file") and row.get("split")}


def _short(folder: Path) -> str:
    return f"{folder.name}-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"
