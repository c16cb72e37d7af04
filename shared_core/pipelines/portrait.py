"""The portrait family. Each public function that takes a `job` and returns pictures by name is the operation of its name in `spec/portrait.py`."""

from __future__ import annotations

from ..arrays import Array
from ..imaging.cleanup import grow
from ..imaging.ink import pixel_of
from .drawing import BEYOND, drawn_ink, drawn_pictures, finished_ink, laid_over
from .faces import flattened
from .job import Job
from .portrait_in_photo import portrait

__all__ = ["ink_over_photo", "line_drawing", "portrait"]


def line_drawing(
    image: Array, alpha: Array | None, *, engine: str, model: str, preprocess: str, detail: bool,
    line_weight: float, black_point: float, white_point: float, hatching: float, hatching_style: str,
    ink_colour: str, paper_colour: str, paper_texture: str, seed: int, job: Job,
) -> dict[str, Array]:  # fmt: skip
    """Lines, and where wanted the ink alone and the drawing on paper, of each picture of a batch."""
    image = flattened(image)
    ink = drawn_ink(image, engine=engine, model=model, preprocess=preprocess, detail=detail, job=job)
    ink = finished_ink(
        ink, image, line_weight=line_weight, black_point=black_point, white_point=white_point,
        hatching=hatching, hatching_style=hatching_style, seed=seed,
    )  # fmt: skip
    if alpha is not None:
        ink *= grow(alpha, BEYOND * pixel_of(ink))
    return drawn_pictures(ink, image.dtype, ink_colour=ink_colour, paper_colour=paper_colour, paper_texture=paper_texture, seed=seed, job=job)


def ink_over_photo(image: Array, drawing: Array, *, method: str, blur: float, photo_share: float, ink_colour: str, job: Job) -> dict[str, Array]:
    """The drawing stretched to the photo, mixed with the blurred photo or laid over the sharp one."""
    return {"image": laid_over(image, drawing, method=method, blur=blur, photo_share=photo_share, ink_colour=ink_colour, job=job)}
