"""The worker's side of a command with `--worker`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import Progress
from ..worker.operate import DoorWork
from ..worker.protocol import Plane, ProtocolError
from .photo import do_photo, read_background
from .photo_in_worker import JOB, asked

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PhotoWork"]


class PhotoWork(DoorWork):
    """Operations on planes, as `DoorWork`, and photos named by their files."""

    def operate(self, request: Mapping[str, object], planes: Mapping[str, Plane], progress: Progress) -> tuple[dict[str, object], list[Plane]]:
        """As `DoorWork.operate`, or `photo.do_photo`."""
        if request.get("operation") != JOB:
            return super().operate(request, planes, progress)
        try:
            photo, wish = asked(dict(request["params"]))  # type: ignore[call-overload]
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"a photo that is none: {error}") from None
        started = time.perf_counter()
        behind = _background(wish.background)
        made = do_photo(photo, wish, behind, models=self.models, progress=progress, language=str(request.get("language", "en")))
        seconds = time.perf_counter() - started
        return {"event": "done", "figures": {}, "provenance": dict(made.provenance), "seconds": seconds, "notices": list(made.notices)}, []


def _background(file: str | None) -> np.ndarray | None:
    """The picture, kept for the next photo of the same folder unless its file changed."""
    if file is None:
        return None
    try:
        status = Path(file).stat()
    except OSError:
        return read_background(file)  # which says what is wrong
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read(file: str, _mtime_ns: int, _size: int) -> np.ndarray | None:
    return read_background(file)
