"""What a written file says about itself: which model it is, and how to feed and read it."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..models.cards import Card
from .graph import NetworkGraph, PictureGraph

__all__ = ["notes_of"]


def notes_of(card: Card, sha256: str, graph: NetworkGraph, precision: str) -> dict[str, str]:
    """Names and texts to store in a file.

    Args:
        card: the model.
        sha256: of its weights file.
        graph: what is written.
        precision: "fp32", "fp16" or "int8".
    Returns: card, network, licence, weights_sha256, precision, input, output, and for the network alone preprocess and reading as JSON.
    """
    entry, result = _shapes(graph)
    notes = {"card": card.id, "network": str(card.network), "licence": card.licence, "weights_sha256": sha256, "precision": precision}
    notes |= {"input": f"{graph.takes}: {entry}", "output": f"{graph.makes}: {result}"}
    if isinstance(graph, PictureGraph):
        return notes
    profile = card.profile()
    return {**notes, "preprocess": json.dumps(asdict(profile.preprocess)), "reading": json.dumps(asdict(profile.reading))}


def _shapes(graph: NetworkGraph) -> tuple[str, str]:
    if not isinstance(graph, PictureGraph):
        return "float32 [batch, channels, height, width]", "float32 [batch, classes, height, width], 0..1"
    result = "[batch, classes, height, width]" if graph.makes == "classes" else "[batch, height, width]"
    return "uint8 [batch, height, width, 3], sRGB", f"float32 {result}, 0..1"
