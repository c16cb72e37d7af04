"""A request's planes become arrays, the door's outputs become planes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..door import operation, run
from ..errors import BadInput, ModelMissing
from ..models.cache import ModelCache
from ..models.cards import Card, cards
from ..models.source import ModelSource
from ..models.store import find
from ..progress import Progress
from ..spec import Operation
from .numbers import array_of, plane_of
from .protocol import TYPES, Plane, ProtocolError

__all__ = ["DoorWork", "operate"]


class DoorWork:
    """The worker's work: the door, with models kept in memory. Raises: BadInput, for a device or precision that is not there."""

    def __init__(self, device: str = "auto", precision: str = "auto") -> None:
        self.models = ModelCache(device, precision)

    def operate(self, request: Mapping[str, object], planes: Mapping[str, Plane], progress: Progress) -> tuple[dict[str, object], list[Plane]]:
        """As `operate`."""
        return operate(request, planes, models=self.models, progress=progress)

    def describe(self) -> dict[str, object]:
        """Device, precision, memory taken by models, and the cards with a file on this machine."""
        return {
            "device": str(self.models.device),
            "precision": self.models.precision,
            "torch": _installed("torch"),
            "model_bytes": self.models.nbytes,
            "models": [one.id for one in cards() if _is_here(one)],
        }


def operate(request: Mapping[str, object], planes: Mapping[str, Plane], *, models: ModelSource, progress: Progress) -> tuple[dict[str, object], list[Plane]]:
    """Answer one "run" request.

    Args:
        request: operation, params, wanted; see `protocol`.
        planes: the operation's inputs by name. f32 colours may leave 0…1, as those of wide gamuts do in sRGB: the operation sees them clipped, and what was
            clipped off the first picture is put back on the colours that come out.
        models: where models come from.
        progress: told of every network pass and tile; may raise `Cancelled`.
    Returns: the header of the "done" message, and the wanted outputs.
    Raises: ProtocolError for a malformed request; U2StudioError as `door.run`.
    """
    wanted, params = request.get("wanted"), request.get("params")
    if not isinstance(params, dict) or not isinstance(wanted, dict) or not wanted or any(kind not in TYPES for kind in wanted.values()):
        raise ProtocolError("a run without parameters, or without wanted outputs of known types")
    chosen = operation(str(request.get("operation")))
    if any(one.kind == "faces" for one in (*chosen.inputs, *chosen.outputs)):
        raise BadInput("{operation} makes one picture for each face, which the worker does not hand on. Run it without the worker.", operation=chosen.id)
    given = {name: array_of(plane) for name, plane in planes.items()}
    seen = {name: _clipped(picture) if planes[name].type == "f32" else picture for name, picture in given.items()}
    started = time.perf_counter()
    outputs = run(chosen.id, {name: picture[None] for name, picture in seen.items()}, params, models=models, progress=progress, wanted=wanted)
    seconds = time.perf_counter() - started
    made = {name: outputs[name][0] for name in wanted}
    first = chosen.inputs[0].name
    if given[first] is not seen[first]:
        _put_back(given[first], seen[first], chosen, made)
    header = {
        "event": "done",
        "figures": dict(outputs.figures),
        "provenance": dict(outputs.provenance),
        "seconds": seconds,
        "notices": [one.text(str(request.get("language", "en"))) for one in outputs.notices],
    }
    return header, [plane_of(name, wanted[name], picture) for name, picture in made.items()]


def _installed(package: str) -> str:
    """Its version; nothing where it came without a description, as in bundled programs."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _is_here(one: Card) -> bool:
    try:
        return bool(find(one))
    except ModelMissing:
        return False


def _clipped(picture: np.ndarray) -> np.ndarray:
    """The same array where all of it lies in 0…1; what is no number becomes 0."""
    if float(picture.min()) >= 0.0 and float(picture.max()) <= 1.0:  # false where one is no number: both pass it on
        return picture
    clipped = picture.clip(0.0, 1.0)
    np.copyto(clipped, 0.0, where=np.isnan(clipped))
    return clipped


def _put_back(given: np.ndarray, seen: np.ndarray, chosen: Operation, made: dict[str, np.ndarray]) -> None:
    """Add the colours that were clipped off to those that came out of the same places."""
    beyond = np.nan_to_num(given[..., :3] - seen[..., :3])
    for output in chosen.outputs:
        if output.name in made and output.kind in ("image", "cutout") and not output.own_colours and made[output.name].shape[:2] == beyond.shape[:2]:
            made[output.name] = made[output.name].copy()
            made[output.name][..., :3] += beyond
