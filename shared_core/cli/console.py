"""What the command line says: in the user's language, on standard error, so that standard output stays data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..progress import Progress, silent
from ..texts import translate, user_language

__all__ = ["LANGUAGE", "complain", "progress_bar", "say"]

LANGUAGE = user_language()


def say(text: str, **values: object) -> str:
    """`text` in the user's language, with its named places filled in."""
    translated = translate(text, LANGUAGE)
    return translated.format(**values) if values else translated


def complain(sentence: str) -> None:
    """One line on standard error."""
    print(f"u2studio: {sentence}", file=sys.stderr)  # noqa: T201


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)

        def update(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, description=say(note))

        yield update
