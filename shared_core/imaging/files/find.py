"""What the user named, file by file: files, folders, patterns and standard input. Lazily: a folder of 100,000 pictures starts at once."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from ...errors import BadInput
from .formats import READABLE_SUFFIXES, reason, shown

__all__ = ["Found", "find_pictures"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One input. `error` holds what kept a folder from being listed; the others go on."""

    path: Path | None
    """None is standard input"""
    inside: Path = Path()
    """its folder below the one the user named, so that results can lie in the same tree"""
    error: BadInput | None = None

    @property
    def name(self) -> str:
        """One printable line."""
        return shown(self.path) if self.path else "-"

    @property
    def stem(self) -> str:
        return self.path.stem if self.path else "stdin"


def find_pictures(inputs: Iterable[str], *, recursive: bool = False, leave_out: Path | None = None) -> Iterator[Found]:
    """Every picture the user named.

    A named file is always tried; a folder yields what has a picture's suffix, in the order of names, its folders after its files.
    Each folder is visited once, whatever links lead to it. Names that begin with a dot are hidden.

    Args:
        inputs: files, folders, patterns with `*`, `?`, `[…]` and `**` (any folders), and `-`.
        recursive: whether folders inside folders are visited.
        leave_out: a folder not to enter unless it is itself named: where results go, so that none becomes an input.
    Returns: one after the other, as they are found. A name that is not there is yielded as it is; reading it says so.
    """
    left_out = _identity(leave_out) if leave_out else None
    for one in inputs:
        if one == "-":
            yield Found(path=None)
        elif os.path.isdir(one):  # noqa: PTH112 - Path.is_dir raises for some names
            yield from _folder(Path(one), recursive, left_out)
        elif glob.has_magic(one) and not os.path.lexists(one):
            yield from _pattern(one, left_out)
        else:
            yield Found(path=Path(one))


def _folder(root: Path, recursive: bool, left_out: tuple[int, int] | None) -> Iterator[Found]:
    seen = {left_out}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        inside = folder.relative_to(root)
        try:
            identity = _identity(folder)
            if identity in seen and folder is not root:
                continue
            seen.add(identity)
            with os.scandir(folder) as listing:
                entries = sorted((entry.name, _is_folder(entry)) for entry in listing if not entry.name.startswith("."))
        except OSError as error:
            yield Found(
                path=folder, inside=inside, error=BadInput("The folder {name} could not be listed: {reason}.", name=shown(folder), reason=reason(error))
            )
            continue
        for name, is_folder in entries:
            if not is_folder and PurePath(name).suffix.lower() in READABLE_SUFFIXES:
                yield Found(path=folder / name, inside=inside)
        if recursive:
            waiting.extend(folder / name for name, is_folder in reversed(entries) if is_folder)


def _pattern(pattern: str, left_out: tuple[int, int] | None) -> Iterator[Found]:
    """Matches in the order of names; a pattern that matches nothing is yielded as a name, so that reading it says so."""
    before, stars, after = pattern.partition("**")
    nothing = True
    if stars and (not before or before.endswith(("/", os.sep))):
        # not glob's own `**`, which goes round in circles where links do
        wanted = after.lstrip("/" + os.sep) or "*"
        for root in sorted(glob.glob(before)) if before else ["."]:  # noqa: PTH207 - Path.glob takes no absolute pattern
            for found in _folder(Path(root), True, left_out):
                if found.error or (found.path and found.path.match(wanted)):
                    nothing = False
                    yield found
    else:
        for name in sorted(glob.iglob(pattern)):  # noqa: PTH207
            if not Path(name).is_dir():
                nothing = False
                yield Found(path=Path(name))
    if nothing:
        yield Found(path=Path(pattern))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that point to each other
        return False


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
