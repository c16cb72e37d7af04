"""One photo of `u2studio matte`, from its file to the files of its results."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..door import run
from ..progress import Progress
from .matting_results import results_of

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.source import ModelSource

__all__ = ["Cut", "Here", "Made", "Photo", "Wish", "cut", "read_background"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What shall become of every photo."""

    outputs: tuple[str, ...]
    params: Mapping[str, Mapping[str, object]]
    """by operation"""
    background: str | None
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


class Cut(Protocol):
    """Does one photo. Safe to call from several threads. Raises: U2StudioError."""

    def __call__(self, photo: Photo, progress: Progress) -> Made: ...


def cut(photo: Photo, wish: Wish, background: Tensor | None, *, models: ModelSource, progress: Progress, language: str) -> Made:
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
    from ..imaging.files import clear_hidden_colours, read_picture, write_picture

    picture = read_picture(photo.source or sys.stdin.buffer, name=photo.name)
    depth = picture.depth
    results = results_of(picture, wish.outputs, wish.params, background, perform=partial(run, models=models, progress=progress))
    del picture  # a third of the memory that is needed from here on
    for result in results.pictures:
        if result.output == "cutout":
            clear_hidden_colours(result.pixels)
        with nullcontext(photo.targets.get(result.output, sys.stdout.buffer)) as target:
            write_picture(target, result.pixels, metadata=result.metadata, depth=depth, provenance=result.provenance, overwrite=wish.overwrite)
    return Made(provenance=results.pictures[0].provenance, notices=[one.text(language) for one in results.notices])


class Here:
    """A `Cut` that works in this process, with models that stay in memory, for `jobs` threads at a time.

    Raises: BadInput, for a background, device or precision that is not there.
    """

    def __init__(self, wish: Wish, *, device: str, precision: str, language: str, jobs: int = 1) -> None:
        from ..models.cache import ModelCache

        self._models = ModelCache(device=device, precision=precision, at_once=jobs)
        self._wish, self._background, self._language = wish, read_background(wish.background), language

    def __call__(self, photo: Photo, progress: Progress) -> Made:
        return cut(photo, self._wish, self._background, models=self._models, progress=progress, language=self._language)


def read_background(file: str | None) -> Tensor | None:
    """The picture in a file, [1, h, w, 3 or 4]. Raises: BadInput."""
    if file is None:
        return None
    import torch

    from ..imaging.files import read_picture

    return torch.from_numpy(read_picture(file).pixels)[None]
