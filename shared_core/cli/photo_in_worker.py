"""Photos of a command with `--worker`: the resident worker reads and writes their files itself, so the caller loads neither numpy nor torch."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..worker.calls import call
from .photo import Made, Photo, Wish

if TYPE_CHECKING:
    from ..progress import Progress

__all__ = ["JOB", "InWorker", "asked", "request"]

JOB = "photo"
"""what the request has in place of an operation's id"""


class InWorker:
    """A `DoPhoto` done by the worker, which `command` starts where none runs."""

    def __init__(self, wish: Wish, *, command: Sequence[str], language: str) -> None:
        self._wish, self._command, self._language = wish, command, language

    def __call__(self, photo: Photo, progress: Progress) -> Made:
        if photo.source and photo.targets:
            return self._asked(photo, progress)
        with tempfile.TemporaryDirectory(prefix="u2studio-") as folder:  # the worker cannot reach the caller's standard streams
            source, targets = photo.source or Path(folder) / "in", photo.targets or dict.fromkeys(self._wish.outputs, Path(folder) / "out.png")
            if photo.source is None:
                with source.open("wb") as file:
                    shutil.copyfileobj(sys.stdin.buffer, file)
            made = self._asked(Photo(source=source, name=photo.name, targets=targets), progress)
            if not photo.targets:
                sys.stdout.buffer.write(targets[self._wish.outputs[0]].read_bytes())
                sys.stdout.buffer.flush()
            return made

    def _asked(self, photo: Photo, progress: Progress) -> Made:
        answer = call(JOB, request(photo, self._wish), [], {}, command=self._command, progress=progress, language=self._language)
        return Made(provenance=answer.provenance, notices=answer.notices)


def request(photo: Photo, wish: Wish) -> dict[str, object]:
    """The job's parameters as JSON can hold them, with paths that hold in any folder."""
    targets = {output: _absolute(path) for output, path in photo.targets.items()}
    background = wish.background and _absolute(Path(wish.background))
    return {**asdict(wish), "background": background, "source": photo.source and _absolute(photo.source), "name": photo.name, "targets": targets}


def asked(params: Mapping[str, object]) -> tuple[Photo, Wish]:
    """What `request` was made of. Raises: KeyError, TypeError, for anything else."""
    given: dict[str, str] = dict(params["targets"])  # type: ignore[call-overload]
    targets = {output: Path(path) for output, path in given.items()}
    photo = Photo(source=Path(str(params["source"])), name=str(params["name"]), targets=targets)
    wish = {name: params[name] for name in ("job", "params", "background", "overwrite")}
    return photo, Wish(outputs=tuple(params["outputs"]), **wish)  # type: ignore[arg-type]


def _absolute(path: Path) -> str:
    return str(path.absolute())
