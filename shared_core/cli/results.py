"""What the commands for photos make of one: pictures, and lines as SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from ..door import Outputs
    from ..imaging.files import Metadata
    from ..notices import Notice

__all__ = ["Params", "Perform", "Result", "Results"]

Params = Mapping[str, Mapping[str, object]]
"""of each operation, by its id"""


class Perform(Protocol):
    """`door.run` with models and progress settled."""

    def __call__(
        self, operation_id: str, images: Mapping[str, np.ndarray], params: Mapping[str, object] | None = None, *, wanted: Collection[str]
    ) -> Outputs: ...


@dataclass(frozen=True, kw_only=True)
class Result:
    """One file to write."""

    output: str
    content: np.ndarray | str
    """pixels as `write_picture` takes them, or the text of an SVG file"""
    metadata: Metadata
    provenance: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was made of a photo, and what its user should be told."""

    files: list[Result]
    notices: tuple[Notice, ...]
