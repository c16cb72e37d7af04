"""TorchScript: a traced program that needs PyTorch alone, none of our code."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from .graph import NetworkGraph

__all__ = ["NOTES", "open_torchscript", "write_torchscript"]

NOTES = "u2studio.json"
"""name of the notes inside a program; `torch.jit.load(…, _extra_files={NOTES: ""})` reads them"""


def write_torchscript(graph: NetworkGraph, example: Tensor, file: Path, notes: Mapping[str, str]) -> None:
    """Write a graph as a program. It can be moved to another device as a module can.

    Args:
        graph: on the CPU, in evaluation mode.
        example: an input, traced with.
        file: to write.
        notes: stored in it as JSON.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # as in onnx_file
        program = torch.jit.trace(graph, (example,), check_trace=False)
        torch.jit.save(program, str(file), _extra_files={NOTES: json.dumps(dict(notes), ensure_ascii=False).encode()})


def open_torchscript(file: Path) -> Callable[[Tensor], Tensor]:
    """Run a program on the CPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.jit.load(str(file), map_location="cpu")

    def run(batch: Tensor) -> Tensor:
        with torch.inference_mode():
            return program(batch)

    return run
