"""A conversion proved by running both files on the same picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["difference_from_onnx"]

SIDE = 320
"""pixels, for files that take any size"""


def difference_from_onnx(file: Path, network: nn.Module) -> float | None:
    """The largest difference of any output, 0..1, between an ONNX file and the network with its weights; None without onnxruntime.

    Files give logits or sigmoids; each is compared with ours of the same kind. Outputs beyond ours (features, in IS-Net files) are left out.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    picture = _picture(entry.shape)
    half = "float16" in entry.type
    theirs = [torch.from_numpy(one).float() for one in session.run(None, {entry.name: (picture.half() if half else picture).numpy()})]
    with torch.inference_mode():
        ours = network(picture)
    return max(min(_largest(own.sigmoid() - other), _largest(own.sigmoid() - other.sigmoid())) for own, other in zip(ours, theirs, strict=False))


def _largest(difference: Tensor) -> float:
    return float(difference.abs().max())


def _picture(shape: list[Any]) -> Tensor:
    """A disc on a slope with some noise, normalised as these networks expect, in the size the file wants."""
    batch, channels, height, width = (one if isinstance(one, int) and one > 0 else default for one, default in zip(shape, (1, 3, SIDE, SIDE), strict=True))
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    plane = x + (x.square() + y.square() < 0.3).float() * 2
    noise = torch.randn(batch, channels, height, width, generator=torch.Generator().manual_seed(0))
    return plane + 0.1 * noise
