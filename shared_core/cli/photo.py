"""One photo of a command for many, from its file to the files of its results."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ..door import run
from ..progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from ..imaging.files import Picture
    from ..models.source import ModelSource
    from .results import Perform, Result, Results

__all__ = ["DoPhoto", "Here", "Job", "Made", "Photo", "Wish", "do_photo", "read_background"]

Job = Literal["matte", "portrait"]
"""a command for photos, and the operation that it is named after"""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What shall become of every photo."""

    job: Job
    outputs: tuple[str, ...]
    params: Mapping[str, Mapping[str, object]]
    """by operation"""
    background: str | None = None
    """a file"""
    overwrite: bool


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A file, what errors call it, and by output the files to write. No source is standard input, no targets are standard output."""

    source: Path | None
    name: str
    targets: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True)
class Made:
    """How the results were made, and what the user should be told, in the user's language."""

    provenance: Mapping[str, object]
    notices: Sequence[str]


class DoPhoto(Protocol):
    """Does one photo. Safe to call from several threads. Raises: U2StudioError."""

    def __call__(self, photo: Photo, progress: Progress) -> Made: ...


def do_photo(photo: Photo, wish: Wish, background: np.ndarray | None, *, models: ModelSource, progress: Progress, language: str) -> Made:
    """Read a photo, make its results and write them.

    Args:
        photo: which.
        wish: what.
        background: the picture in `wish.background`, [1, h, w, 3 or 4].
        models: where models come from.
        progress: told of each step.
        language: of the notices.
    Raises: as `door.run`, `read_picture`, `write_picture`.
    """
    from ..imaging.files import read_picture

    picture = read_picture(photo.source or sys.stdin.buffer, name=photo.name)
    depth = picture.depth
    results = _results(picture, wish, background, partial(run, models=models, progress=progress))
    del picture  # a third of the memory that is needed from here on
    for result in results.files:
        _write(result, photo.targets.get(result.output), depth, overwrite=wish.overwrite)
    told = {"warnings": [one.text() for one in results.notices]} if results.notices else {}
    return Made(provenance={**results.files[0].provenance, **told}, notices=[one.text(language) for one in results.notices])


def _results(picture: Picture, wish: Wish, background: np.ndarray | None, perform: Perform) -> Results:
    if wish.job == "portrait":
        from .portrait_results import drawings_of

        return drawings_of(picture, wish.outputs, wish.params, perform=perform)
    from .matting_results import results_of

    return results_of(picture, wish.outputs, wish.params, background, perform=perform)


def _write(result: Result, target: Path | None, depth: Literal[8, 16], *, overwrite: bool) -> None:
    """To a file, or to standard output."""
    from ..imaging.files import clear_hidden_colours, write_picture, write_svg

    with nullcontext(target or sys.stdout.buffer) as place:
        if isinstance(result.content, str):
            write_svg(place, result.content, provenance=result.provenance, overwrite=overwrite)
            return
        if result.output == "cutout":
            clear_hidden_colours(result.content)
        write_picture(place, result.content, metadata=result.metadata, depth=depth, provenance=result.provenance, overwrite=overwrite)


class Here:
    """A `DoPhoto` that works in this process, with models that stay in memory, for `jobs` threads at a time.

    Raises: BadInput, for a background, device or precision that is not there.
    """

    def __init__(self, wish: Wish, *, device: str, precision: str, language: str, jobs: int = 1) -> None:
        from ..models.cache import ModelCache

        self._models = ModelCache(device=device, precision=precision, at_once=jobs)
        self._wish, self._background, self._language = wish, read_background(wish.background), language

    def __call__(self, photo: Photo, progress: Progress) -> Made:
        return do_photo(photo, self._wish, self._background, models=self._models, progress=progress, language=self._language)


def read_background(file: str | None) -> np.ndarray | None:
    """The picture in a file, [1, h, w, 3 or 4]. Raises: BadInput."""
    if file is None:
        return None
    from ..imaging.files import read_picture

    return read_picture(file).pixels[None]
