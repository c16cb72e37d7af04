"""Many photos of a command, several on their way at once: while one is decoded, another is in the network and a third is being written."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from ..errors import Cancelled, ModelCorrupt, ModelMissing, U2StudioError
from ..processors import processors, use_processors
from ..progress import Progress
from .console import LANGUAGE, complain, progress_bar, say
from .photo import DoPhoto, Made, Photo
from .report import Report

if TYPE_CHECKING:
    from ..imaging.files import Found, OutputNames

__all__ = ["Folder", "automatic_jobs"]

MOST_JOBS = 4
"""taken unasked: more want more memory than they save time"""
AHEAD = 8
"""photos under way or waiting for each that is worked on: results are told in order, and a photo that takes long holds up no other"""
MOST_NOTICES = 4
"""told of one photo: a crowd has hundreds of small faces"""


def automatic_jobs() -> int:
    """As many photos at once as there are processors, up to `MOST_JOBS`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_JOBS)


@dataclass(frozen=True)
class _OnItsWay:
    """A photo that is being worked on; `made` gives None for one that was there already, and seconds beside what was made."""

    name: str
    targets: Mapping[str, Path]
    made: Future[tuple[Made, float] | None]


class Folder:
    """Photos worked through, reported in the order in which they were found. One bad file never stops the others.

    Args:
        do: does one photo.
        title: what is being done, in English.
        names: by output, how results are named; empty: standard output.
        overwrite: replace what is there.
        resume: skip photos whose results are all there, and replace those of others.
        report: told of each photo.
        jobs: photos worked on at once, ≥ 1. Others wait as names alone, so that memory stays bounded.
    """

    def __init__(self, do: DoPhoto, names: Mapping[str, OutputNames], *, title: str, overwrite: bool, resume: bool, report: Report, jobs: int) -> None:
        self._do, self._title, self._names, self._report, self._jobs = do, title, names, report, jobs
        self._overwrite, self._resume = overwrite, resume
        self._stop = Event()
        self.found = self.failed = self.finished = 0

    def work(self, found: Iterator[Found | None]) -> None:
        """Work through all that comes; None stands for nothing new.

        Raises: Cancelled, ModelCorrupt, ModelMissing, KeyboardInterrupt; what was being written is gone then.
        """
        on_their_way: deque[_OnItsWay] = deque()
        with progress_bar(say(self._title)) as bar, ThreadPoolExecutor(self._jobs, "photo", _share_processors, (self._jobs,)) as pool:
            try:
                for one in found:
                    if one:
                        self.found += 1
                        on_their_way.append(self._begun(one, pool, bar))
                    while on_their_way and (len(on_their_way) >= AHEAD * self._jobs or on_their_way[0].made.done()):
                        self._settle(on_their_way.popleft())
                while on_their_way:
                    self._settle(on_their_way.popleft())
            except BaseException:
                self._stop.set()
                for waiting in on_their_way:
                    waiting.made.cancel()
                pool.shutdown()
                for ended in on_their_way:  # what was finished meanwhile lies in its place: the report must say so
                    if not ended.made.cancelled():
                        with suppress(Cancelled, ModelCorrupt, ModelMissing):
                            self._settle(ended)
                raise

    def _begun(self, one: Found, pool: ThreadPoolExecutor, bar: Progress) -> _OnItsWay:
        from ..imaging.files import check_target

        targets: dict[str, Path] = {}
        settled: Future[tuple[Made, float] | None] = Future()
        try:
            if one.error:
                raise one.error
            targets = {output: names.path_for(one) for output, names in self._names.items()}
            if self._resume and targets and all(path.is_file() for path in targets.values()):
                settled.set_result(None)
                return _OnItsWay(one.name, targets, settled)
            for path in targets.values():  # before any work is done for it
                check_target(path, overwrite=self._overwrite or self._resume)
        except U2StudioError as error:
            settled.set_exception(error)
            return _OnItsWay(one.name, targets, settled)
        photo = Photo(source=one.path, name=one.name, targets=targets)
        return _OnItsWay(one.name, targets, pool.submit(self._timed, photo, bar))

    def _timed(self, photo: Photo, bar: Progress) -> tuple[Made, float]:
        def progress(done: int, total: int, note: str) -> None:
            if self._stop.is_set():
                raise Cancelled
            if self._jobs == 1:
                bar(done, total, note)
            else:
                bar(self.finished, self.found, self._title)

        progress(0, 1, self._title)
        started = time.perf_counter()
        return self._do(photo, progress), time.perf_counter() - started

    def _settle(self, one: _OnItsWay) -> None:
        """Wait for a photo and say how it ended."""
        try:
            outcome = one.made.result()
        except (Cancelled, ModelCorrupt, ModelMissing):  # these would meet every photo alike
            raise
        except U2StudioError as error:
            self.failed += 1
            text = error.text(LANGUAGE)
            complain(text if one.name in text else f"{one.name}: {text}")
            self._report.failed(one.name, error)
            return
        self.finished += 1
        if outcome is None:
            self._report.skipped(one.name)
            return
        made, seconds = outcome
        for notice in made.notices[:MOST_NOTICES]:
            complain(f"{one.name}: {notice}")
        if (more := len(made.notices) - MOST_NOTICES) > 0:
            complain(say("{name}: {more} more such notes; --report has them all.", name=one.name, more=more))
        self._report.done(one.name, made.provenance, {output: str(path) for output, path in one.targets.items()}, seconds)


def _share_processors(jobs: int) -> None:
    """Give each of several threads its part of the processors: more threads than processors would wait for each other."""
    if jobs > 1:
        use_processors(max(1, processors() // jobs))
