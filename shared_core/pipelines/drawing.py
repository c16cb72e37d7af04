"""The steps of a drawing, for the operations of the portrait family: draw the ink, finish it, make pictures of it, lay it over the photo."""

from __future__ import annotations

from typing import Any

from ..arrays import Array, library
from ..imaging.flow_dog import flow_dog_ink
from ..imaging.hatching import hatch
from ..imaging.ink import ink_layer, on_paper, pixel_of, set_black_and_white, set_line_weight, without_frame
from ..imaging.over_photo import drawing_over_blur, ink_over
from ..imaging.paper import paper
from .job import Job
from .network_ink import detailed_ink, estimate_ink

__all__ = ["BEYOND", "drawn_ink", "drawn_pictures", "finished_ink", "laid_over"]

BEYOND = 4.0
"""how far lines may reach beyond the mask of the subject, in pixels of a drawing of 512"""
_FRAME = 4.0
"""how far into the photo a network draws the line where the photo ends, in pixels of a drawing of 512"""


def drawn_ink(image: Array, *, engine: str, model: str, preprocess: str, detail: bool, job: Job, photo: Array | None = None) -> Array:
    """What an engine draws of each picture, not yet finished.

    Args:
        image: uint8 or float32 0..1, [B, H, W, 3 or 4].
        engine: "network" or "classical".
        model: card of the network; the classical engine asks for none.
        preprocess: a profile of the card.
        detail: draw pictures larger than the network's size once more, closer.
        job: models, and progress: told before each pass.
        photo: 1 where the picture shows the photo, 0 where it was padded, [B or 1, H, W]; default: everywhere. Padding is not drawn, nor its edge.
    Returns: ink, float32 0..1, [B, H, W].
    """
    network = job.model(model) if engine == "network" else None
    drawn: list[Array] = []
    for index in range(len(image)):
        job.progress(index, len(image), "Drawing the lines")
        one = image[index : index + 1]
        shown = None if photo is None else photo[min(index, len(photo) - 1)][None]
        if network is None:
            drawn.append(flow_dog_ink(one, shown))
        else:
            drawn.append(detailed_ink(network, one, preprocess, job.progress) if detail else estimate_ink(network, one, preprocess))
    job.progress(len(image), len(image), "Drawing the lines")
    ink = drawn[0] if len(drawn) == 1 else library(image).concatenate(drawn)
    return ink if photo is None or network is None else without_frame(ink, photo, _FRAME * pixel_of(ink))


def finished_ink(
    ink: Array, image: Array, *, line_weight: float, black_point: float, white_point: float, hatching: float, hatching_style: str, seed: int
) -> Array:
    """Black and white point, line weight and hatching, in this order; bit for bit the given ink at the defaults. Parameters as in the specification."""
    ink = set_black_and_white(ink, black_point / 100, white_point / 100)
    ink = set_line_weight(ink, line_weight, pixel_of(ink))
    return hatch(ink, image, hatching / 100, hatching_style, seed)


def drawn_pictures(
    ink: Array, dtype: Any, *, ink_colour: str, paper_colour: str, paper_texture: str, seed: int, job: Job
) -> dict[str, Array]:  # fmt: skip
    """The outputs of a drawing that are wanted, by name: `drawing`, `ink` and `lines`. Pictures are of `dtype`."""
    made = {"lines": ink}
    if job.wants("ink"):
        made["ink"] = ink_layer(ink, ink_colour, dtype)
    if job.wants("drawing"):
        made["drawing"] = on_paper(ink, ink_colour, paper(ink.shape[1], ink.shape[2], paper_colour, paper_texture, seed), dtype)
    return made


def laid_over(image: Array, drawing: Array, *, method: str, blur: float, photo_share: float, ink_colour: str, job: Job) -> Array:
    """Drawings stretched to their photos, mixed with the blurred photo or laid over the sharp one; parameters as in the specification."""
    made: list[Array] = []
    for index in range(len(image)):
        job.progress(index, len(image), "Laying the drawing over the photo")
        photo, drawn = image[index : index + 1], drawing[index : index + 1]
        made.append(ink_over(photo, drawn, ink_colour) if method == "ink" else drawing_over_blur(photo, drawn, blur, photo_share / 100))
    return made[0] if len(made) == 1 else library(image).concatenate(made)
