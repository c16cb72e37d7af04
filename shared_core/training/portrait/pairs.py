"""Folders of photos and line drawings → pairs at 512×512, all of them checked before anything is trained.

Three layouts: NAME_photo.* and NAME_drawing.* in one folder; APDrawing's files with the photo left and the drawing right; two folders, as for matting.
Drawings are black on white.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import BadInput
from ...evaluation.folders import SUFFIXES
from ..matting import settings as matting
from ..matting.pairs import PhotoMask, Problems, by_split, find_pairs, read_mask, read_photo

__all__ = ["SIZE", "find_drawings", "read_drawing", "read_face"]

SIZE = 512
"""height and width of the pictures the network sees, pixels"""
PHOTO, DRAWING = "_photo", "_drawing"


def find_drawings(folder: Path, *, align_faces: bool, work: Path, problems: Problems) -> dict[str, list[PhotoMask]]:
    """The pairs of one folder by split ("train", "validation", "test", or "" where no MANIFEST.tsv says).

    Args:
        folder: what the recipe names.
        align_faces: bring each face to its place by NAME.txt beside the photo.
        work: a folder for what must be made first.
        problems: told of photos without a drawing and drawings without a photo.
    Raises: BadInput, when there is no such folder or no pair in it.
    """
    if not folder.is_dir():
        raise BadInput("There is no folder {folder}.", folder=str(folder))
    photos, drawings = _called(folder, PHOTO), _called(folder, DRAWING)
    if not photos and not drawings:
        return find_pairs(folder, matting.Data(align_faces=align_faces), work, problems)
    for name in sorted(photos.keys() ^ drawings.keys()):
        problems.add(f"{photos.get(name) or drawings[name]}: no {'drawing' if name in photos else 'photo'} of that name beside it")
    pairs = [PhotoMask(name, photos[name], drawings[name]) for name in sorted(photos.keys() & drawings.keys())]
    if align_faces:
        pairs = [replace(one, landmarks=one.photo.with_suffix(".txt")) for one in pairs]
    return by_split(folder, pairs)


@lru_cache(maxsize=512)
def read_face(pair: PhotoMask) -> NDArray[np.uint8]:
    """The photo, [512, 512, 3], sRGB; kept in memory. Raises: BadInput."""
    return _square(read_photo(pair))


@lru_cache(maxsize=512)
def read_drawing(pair: PhotoMask) -> NDArray[np.uint8]:
    """The drawing's ink, [512, 512], 255 = full ink; kept in memory. Raises: BadInput."""
    return _square(np.rint(255 * (1 - read_mask(pair))).astype(np.uint8))


def _called(folder: Path, ending: str) -> dict[str, Path]:
    found = (one for one in sorted(folder.iterdir()) if one.suffix.lower() in SUFFIXES and one.stem.endswith(ending))
    return {one.stem.removesuffix(ending): one for one in found}


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.shape[:2] == (SIZE, SIZE):
        return picture
    way = cv2.INTER_AREA if max(picture.shape[:2]) > SIZE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (SIZE, SIZE), interpolation=way), np.uint8)
