"""Small pictures enlarged before they are worked on: by a network of ESRGAN's make where one is chosen, else by Lanczos' filter."""

from __future__ import annotations

from ..arrays import Array, alike, empty, library
from ..errors import BadInput
from ..imaging.cutout import as_floats
from ..imaging.lanczos import lanczos
from ..imaging.tiles import Tiling
from ..models.source import Model
from .job import Job

__all__ = ["enlarged"]

OVERLAP = 24
"""pixels of the small picture in which neighbouring tiles fade into each other; a tile's border, where the network sees zeros, counts for nothing there"""


def enlarged(image: Array, factor: float, job: Job, model_id: str | None = None) -> Array:
    """A picture `factor` times as high and as wide.

    The network enlarges four times; other factors are met with Lanczos' filter from there. An alpha is always Lanczos' own.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        factor: ≥ 1; 1 gives the picture itself.
        job: for the model and the progress.
        model_id: a card of the task "upscale"; None takes the filter alone.
    Returns: float32 0..1, [B, round(factor · H), round(factor · W), 3 or 4], on the image's device.
    Raises: BadInput, for a model of another task; ModelMissing, ModelCorrupt, OutOfMemory, Cancelled.
    Source: Wang et al. 2018 (ESRGAN); tiles are ours.
    """
    height, width = (round(factor * side) for side in image.shape[1:3])
    if model_id is None or (height, width) == tuple(image.shape[1:3]):
        return lanczos(image, height, width)
    model = job.model(model_id)
    if model.card.task != "upscale":
        raise BadInput("The model '{card}' does not enlarge pictures.", card=model_id)
    large = lanczos(_four_times(as_floats(image[..., :3]), model, job), height, width)
    return large if image.shape[3] == 3 else library(image).concatenate((large, lanczos(image[..., 3:], height, width)), -1)


def _four_times(colours: Array, model: Model, job: Job) -> Array:
    """[B, H, W, 3] → [B, 4H, 4W, 3], tile by tile."""
    from ..networks.rrdbnet import SCALE

    xp, (count, height, width, _) = library(colours), colours.shape
    side = model.card.profile().preprocess.size
    tiling = Tiling(height, width, side, OVERLAP)
    large = empty((count, 3, SCALE * height, SCALE * width), colours)
    large[:] = 0
    steps = count * len(tiling)
    for number, one in enumerate(xp.moveaxis(colours, -1, 1)):
        for step, tile in enumerate(tiling, number * len(tiling)):
            job.progress(step, steps, "Enlarging")
            (made,) = model(one[None, :, tile.rows, tile.columns])
            window = tile.window.repeat(SCALE, 0).repeat(SCALE, 1)  # so the windows still add up to 1
            large[number, :, _scaled(tile.rows, SCALE), _scaled(tile.columns, SCALE)] += made[0] * alike(window, colours)
    job.progress(steps, steps, "Enlarging")
    return xp.moveaxis(xp.clip(large, 0, 1, out=large), 1, -1)


def _scaled(part: slice, times: int) -> slice:
    return slice(times * part.start, times * part.stop)
