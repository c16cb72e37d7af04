"""The `--report` file: one line of JSON per picture, written as it is finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from ..errors import BadInput, U2StudioError

__all__ = ["Report"]


class Report:
    """Appends to a JSON-lines file; without a path it does nothing. Raises: BadInput, when the file cannot be opened."""

    def __init__(self, path: str | None) -> None:
        self._file: IO[str] | None = None
        if path:
            try:
                # a name that is not UTF-8 holds lone surrogates; \\udce9 is how JSON spells them
                self._file = Path(path).open("a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed by __exit__
            except OSError as error:
                raise BadInput("{file} cannot be written: {reason}", file=path, reason=error.strerror or str(error)) from None

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def done(self, name: str, provenance: Mapping[str, object], written: Mapping[str, str], seconds: float) -> None:
        """A picture is finished: where its results lie, and how they were made: parameters, each model's card and hash, figures such as the confidence."""
        self._line({"status": "done", "input": name, "outputs": dict(written), "seconds": round(seconds, 3), **provenance})

    def skipped(self, name: str) -> None:
        """Its results were there already."""
        self._line({"status": "skipped", "input": name})

    def failed(self, name: str, error: U2StudioError) -> None:
        """It could not be done, and why, in English."""
        self._line({"status": "failed", "input": name, "error": type(error).__name__, "message": str(error)})

    def _line(self, entry: dict[str, object]) -> None:
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
            self._file.flush()
