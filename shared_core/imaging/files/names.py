"""Where results go: one file, or names made from a pattern in a folder. Never onto the input, never two onto one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from string import Formatter

from ...errors import BadInput
from .find import Found
from .formats import FORMATS, shown

__all__ = ["OutputNames"]

_WRITABLE_SUFFIXES = frozenset(suffix for one in FORMATS if one.writable for suffix in one.suffixes)


class OutputNames:
    """Names results, and remembers them.

    Args:
        target: a folder, or, for a single result, a file whose suffix is `suffix` or one that a picture can be written as.
        suffix: of results in a folder, such as ".png".
        pattern: of results in a folder, without suffix: `{stem}` is the input's name without its suffix, `{name}` with it, and each of
            `fields` may be named too. May hold `/`.
        fields: further places of the pattern, by name, such as output="alpha".
    Raises: BadInput for a pattern that names an unknown place or leads out of the folder.
    """

    def __init__(self, target: str | os.PathLike[str], *, suffix: str = ".png", pattern: str = "{stem}", fields: Mapping[str, str] | None = None) -> None:
        self._target = Path(target)
        self._suffix = suffix
        self._fields = dict(fields or {})
        self._pattern = pattern
        self._taken: dict[str, Found] = {}
        self._check_pattern()

    @property
    def is_file(self) -> bool:
        """Whether the target is the result itself, not a folder of results."""
        return self._target.suffix.lower() in {self._suffix, *_WRITABLE_SUFFIXES} and not self._target.is_dir()

    @property
    def folder(self) -> Path:
        """Where results go."""
        return self._target.parent if self.is_file else self._target

    def path_for(self, found: Found) -> Path:
        """Where the result of one input goes. Raises: BadInput when that is the input itself, or another input's result."""
        path = self._target if self.is_file else self._target / found.inside / (self._filled(found) + self._suffix)
        if found.path and _same(found.path, path):
            raise BadInput("{name} would be replaced by its own result; name another folder or file for results.", name=found.name)
        before = self._taken.setdefault(os.path.normcase(path), found)
        if before is not found:
            if self.is_file:
                raise BadInput("{target} is one file, but there are several pictures: {first}, {second}, …; name a folder for results.",
                               target=shown(path), first=before.name, second=found.name)  # fmt: skip
            raise BadInput("{second} and {first} would both be written to {target}; give them different names, or use {{name}} in the name pattern.",
                           target=shown(path), first=before.name, second=found.name)  # fmt: skip
        return path

    def _filled(self, found: Found) -> str:
        name = found.path.name if found.path else "stdin"
        return self._pattern.format_map({**self._fields, "stem": found.stem, "name": name})

    def _check_pattern(self) -> None:
        known = ["stem", "name", *self._fields]
        try:
            places = [(place, spec, conversion) for _, place, spec, conversion in Formatter().parse(self._pattern) if place is not None]
        except ValueError:
            raise BadInput("The name pattern {pattern} has a brace without its partner.", pattern=repr(self._pattern)) from None
        for place, spec, conversion in places:
            if place not in known or spec or conversion:
                raise BadInput("The name pattern {pattern} has the place '{place}'; there are: {known}.",
                               pattern=repr(self._pattern), place=place, known=", ".join(known))  # fmt: skip
        tried = PurePath(self._pattern)
        if tried.is_absolute() or ".." in tried.parts or not self._pattern.strip("/. ") or "\0" in self._pattern:
            raise BadInput("The name pattern {pattern} does not make a name inside the folder.", pattern=repr(self._pattern))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
