"""What `u2studio portrait` makes of one photo: the drawing of each `--output`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from .results import Params, Perform, Result, Results

if TYPE_CHECKING:
    import numpy as np

    from ..imaging.files import Picture

__all__ = ["OUTPUTS", "drawings_of"]

OUTPUTS = ("drawing", "ink", "composite", "svg")
_MADE_OF = {"svg": "lines"}
"""output here → the operation's, where their names differ"""


def drawings_of(picture: Picture, outputs: tuple[str, ...], params: Params, *, perform: Perform) -> Results:
    """Draw one photo, once.

    Args:
        picture: the photo.
        outputs: members of `OUTPUTS`.
        params: of the operation `portrait`, by its id.
        perform: how operations are run.
    Returns: one result per output, in their order; a drawing without colours is gray.
    Raises: as `door.run`.
    """
    wanted = tuple(_MADE_OF.get(output, output) for output in outputs)
    made = perform("portrait", {"image": picture.pixels[None]}, params["portrait"], wanted=wanted)
    metadata = replace(picture.metadata, icc=None)  # all outputs hold colours that are sRGB
    files = [
        Result(
            output=output, content=_content(output, made[name][0], params["portrait"], PurePath(picture.name).stem), metadata=metadata,
            provenance={"output": output, **made.provenance, "figures": dict(made.figures)},
        )
        for output, name in zip(outputs, wanted, strict=True)
    ]  # fmt: skip
    return Results(files=files, notices=made.notices)


def _content(output: str, made: np.ndarray, params: Mapping[str, object], title: str) -> np.ndarray | str:
    if output == "svg":
        from ..imaging.svg import svg_of_ink

        return svg_of_ink(made, str(params["ink_colour"]), title=title)
    if output == "drawing" and all(_is_gray(str(params[name])) for name in ("ink_colour", "paper_colour")):
        import cv2

        return cv2.extractChannel(made, 0)
    return made


def _is_gray(colour: str) -> bool:
    """Of "#rrggbb"; a paper's texture darkens all channels alike."""
    return colour[1:3].lower() == colour[3:5].lower() == colour[5:7].lower()
