"""Score a folder of predictions against a folder of truths, picture by picture of the same name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..errors import BadInput
from ..progress import Progress, silent
from .pair import Picture
from .report import Report, Scores, scores

__all__ = ["PictureFiles", "evaluate_files", "evaluate_folder", "pair_files", "photos_with_truths", "read_plane"]

SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".webp", ".jpg", ".jpeg")
"""what is looked for, the surest to be lossless first: it counts where one name has several files"""


@dataclass(frozen=True)
class PictureFiles:
    """The files of one scored picture."""

    name: str
    prediction: Path
    truth: Path
    trimap: Path | None = None
    photo: Path | None = None
    """for sheets only"""


def evaluate_folder(
    predictions: Path, truths: Path, *, trimaps: Path | None = None, name: str = "", stretch: bool = True, threads: int = 2, progress: Progress = silent
) -> Report:
    """Score every picture of `predictions` against the one of the same name, whatever the suffix, in `truths`.

    Args:
        predictions: folder of maps or alphas. A file with transparency counts by its alpha, a coloured one by its grey.
        truths: folder of masks or alphas, read the same way.
        trimaps: folder of trimaps, which limit the four matting errors to their unknown pixels.
        name: what to call it in tables; default: the folder of the predictions.
        stretch: spread each prediction to the full range first, as the common toolboxes do (never for the matting errors).
        threads: pictures scored at a time, at least 1.
        progress: told of every picture.
    Raises: BadInput, naming every picture that lacks a partner, differs in size or cannot be read; nothing is scored then.
    """
    return evaluate_files(pair_files(predictions, truths, trimaps=trimaps), name=name or predictions.name, stretch=stretch, threads=threads, progress=progress)


def pair_files(
    predictions: Path, truths: Path, *, trimaps: Path | None = None, photos: Path | None = None, only: Container[str] | None = None
) -> list[PictureFiles]:
    """The pictures of two folders by name, checked; where names are given, only those.

    Raises: BadInput, naming every one without a partner, of another size, or unreadable.
    """
    found, expected = ({name: path for name, path in _by_name(folder).items() if only is None or name in only} for folder in (predictions, truths))
    drawn, taken = _by_name(trimaps) if trimaps else {}, _by_name(photos) if photos else {}
    missing = [f"{predictions.name}/{name}" for name in expected if name not in found]
    missing += [f"{truths.name}/{name}" for name in found if name not in expected]
    missing += [f"{trimaps.name}/{name}" for name in expected if trimaps and name not in drawn] if trimaps else []
    pictures = [PictureFiles(name, found[name], expected[name], drawn.get(name), taken.get(name)) for name in expected if name in found]
    sizes, broken = _unfit(pictures)
    _refuse(missing, sizes, broken)
    if not pictures:
        raise BadInput("There are no pictures in {folder}.", folder=truths)
    return pictures


def photos_with_truths(photos: Path, truths: Path, *, only: Container[str] | None = None) -> dict[str, tuple[Path, Path]]:
    """Photo and true mask by name; of one folder that holds both, the .jpg is the photo and the .png its mask.

    Args:
        photos: folder.
        truths: folder of masks; a photo without one is not meant.
        only: names; None takes all.
    Raises: BadInput, when there are none.
    """
    jpegs = {path.stem: path for path in sorted(photos.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg")}
    taken = jpegs if photos == truths else _by_name(photos)
    pairs = {name: (taken[name], truth) for name, truth in _by_name(truths).items() if name in taken and (only is None or name in only)}
    if not pairs:
        raise BadInput("There are no pictures in {folder}.", folder=photos)
    return pairs


def evaluate_files(pictures: Sequence[PictureFiles], *, name: str, stretch: bool = True, threads: int = 2, progress: Progress = silent) -> Report:
    """Score pictures whose files are known.

    Args:
        pictures: as from `pair_files`.
        name: what to call them in tables.
        stretch: spread each prediction to the full range first.
        threads: pictures scored at a time, at least 1.
        progress: told of every picture.
    Raises: BadInput, naming every file that cannot be read.
    """
    done: dict[str, Scores] = {}
    broken: list[str] = []
    with ThreadPoolExecutor(max(1, threads)) as pool:
        jobs = [(picture, pool.submit(_score, picture, stretch)) for picture in pictures]
        try:
            for index, (picture, job) in enumerate(jobs):
                progress(index, len(jobs), "Scoring")
                try:
                    done[picture.name] = job.result()
                except BadInput as error:
                    broken.append(f"{picture.name}: {error}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    progress(len(jobs), len(jobs), "Scoring")
    _refuse([], [], broken)
    return Report.of(name, done, stretched=stretch)


def read_plane(path: Path) -> Picture:
    """A map, mask or alpha from a file, [H, W], 8 or 16 bits: its alpha channel where that hides anything, else its grey. Raises: BadInput."""
    picture: Picture | None = None
    with suppress(OSError, cv2.error):
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        raise BadInput("{path} cannot be read as a picture.", path=path)
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 4:
        alpha = np.ascontiguousarray(picture[:, :, 3])
        if alpha.min() < (255 if picture.dtype == np.uint8 else 65535):
            return alpha
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY if picture.shape[2] == 3 else cv2.COLOR_BGRA2GRAY)


def _score(picture: PictureFiles, stretch: bool) -> Scores:
    trimap = read_plane(picture.trimap) if picture.trimap else None
    return scores(read_plane(picture.prediction), read_plane(picture.truth), trimap=trimap, stretch=stretch)


def _by_name(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise BadInput("There is no folder {folder}.", folder=folder)
    files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    files.sort(key=lambda path: SUFFIXES.index(path.suffix.lower()), reverse=True)
    return dict(sorted({path.stem: path for path in files}.items()))


def _unfit(pictures: Iterable[PictureFiles]) -> tuple[list[str], list[str]]:
    sizes: list[str] = []
    broken: list[str] = []
    for picture in pictures:
        paths = [path for path in (picture.prediction, picture.truth, picture.trimap) if path]
        measured = [_size(path) for path in paths]
        broken += [str(path) for path, size in zip(paths, measured, strict=True) if not size]
        if len(set(filter(None, measured))) > 1:
            sizes.append(f"{picture.name} ({', '.join(measured)})")
    return sizes, broken


def _size(path: Path) -> str:
    """Width and height from a file's header; nothing where it has none."""
    try:
        with Image.open(path) as opened:
            return "×".join(map(str, opened.size))
    except (OSError, Image.DecompressionBombError):
        return ""


def _refuse(missing: list[str], sizes: list[str], broken: list[str]) -> None:
    if missing or sizes or broken:
        raise BadInput(
            "Predictions and truths do not pair up, so there is no report.\nMissing: {missing}\nOf different sizes: {sizes}\nUnreadable: {broken}",
            missing=", ".join(missing) or "–", sizes=", ".join(sizes) or "–", broken=", ".join(broken) or "–",
        )  # fmt: skip
