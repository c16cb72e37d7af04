"""Faces as a file: what `detect-faces` writes, `crop-face` and `paste-face` read, and a person can write by hand.

A list of objects: {"picture": 0, "left": 120.5, "top": 80, "width": 200, "height": 200, "roll": -12, "score": 0.93}. Pixels and degrees are those of
`spec.operation.Kind`; `picture`, `roll` and `score` may be left out.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..imaging.files import check_target
from ..imaging.files.whole import whole_file

__all__ = ["read_faces", "write_faces"]

_DEFAULTS: dict[str, float | None] = {"picture": 0, "left": None, "top": None, "width": None, "height": None, "roll": 0, "score": 1}
"""by the name of each column; None where it must be given"""


def read_faces(path: str) -> np.ndarray:
    """The faces of a file, float32 [N, 7]. Raises: BadInput, naming the file and what is wrong with it."""
    try:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput("{file} cannot be read: {reason}", file=path, reason=getattr(error, "strerror", None) or str(error)) from None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadInput("{file} holds no list of faces.", file=path)
    rows = [[_number(one, name, path) for name in _DEFAULTS] for one in listed]
    return np.array(rows, np.float32).reshape(-1, len(_DEFAULTS))


def write_faces(path: str, faces: np.ndarray, *, overwrite: bool) -> None:
    """Write faces, float32 [N, 7]. The file appears whole or not at all. Raises: BadInput."""
    check_target(Path(path), overwrite=overwrite)
    # a float32's own digits: 0.93 and not 0.9300000071525574
    rows = [{name: int(value) if name == "picture" else float(str(value)) for name, value in zip(_DEFAULTS, row, strict=True)} for row in faces]
    text = "[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n" if rows else "[]\n"
    try:
        whole_file(Path(path), lambda stream: stream.write(text.encode()))
    except OSError as error:
        raise BadInput("{name} could not be written: {reason}.", name=path, reason=error.strerror or str(error)) from None


def _number(face: dict[str, object], name: str, path: str) -> float:
    value = face.get(name, _DEFAULTS[name])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadInput("{file}: a face needs {name} as a number; it has {value}.", file=path, name=name, value=repr(value))
    return value
