"""From an operation to its pipeline function, with pictures the way its family computes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from ..arrays import Array, as_tensor
from ..processors import settle_pytorch
from ..spec import Operation
from .job import Job

__all__ = ["perform"]

_WITHOUT_PYTORCH = frozenset({"faces", "finishing", "matting", "portrait"})
"""these take arrays on the CPU; the other families take tensors everywhere"""


def perform(operation: Operation, pictures: Mapping[str, Array | None], values: Mapping[str, object], job: Job) -> dict[str, Array]:
    """What the operation's pipeline function makes of checked pictures and parameters. Raises: what that raises."""
    pipeline = getattr(importlib.import_module(f".{operation.family}", __package__), operation.id)
    if operation.family not in _WITHOUT_PYTORCH:
        pictures = {name: None if one is None else as_tensor(one) for name, one in pictures.items()}
        settle_pytorch()
    return pipeline(**pictures, **values, job=job)
