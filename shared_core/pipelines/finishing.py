"""The finishing family. Each public function is the operation of its name in `spec/finishing.py`."""

from __future__ import annotations

from ..arrays import Array, alike, copied
from ..imaging import cleanup
from ..imaging.background import blurred_background, gradient
from ..imaging.composite import composite as composite_over
from ..imaging.composite import cover
from ..imaging.crop import subject_box
from ..imaging.cutout import cutout
from ..imaging.despill import despill as take_off_spill
from ..imaging.foreground import estimate_foreground
from ..imaging.shadow import drop_shadow as shadow_of
from ..imaging.shadow import lay_over_shadow
from ..imaging.sheet import sheet as side_by_side
from .job import Job

__all__ = ["clean_up", "composite", "crop_to_subject", "despill", "drop_shadow", "sheet"]


def clean_up(alpha: Array, *, keep: str, minimum_area: int, fill_holes: int, grow: float, hardness: float, feather: float, job: Job) -> dict[str, Array]:
    """The mask without specks and holes, its edge moved, hardened, softened, in this order."""
    steps = (
        (keep == "largest", cleanup.keep_largest),
        (minimum_area > 0, lambda mask: cleanup.remove_specks(mask, minimum_area)),
        (fill_holes > 0, lambda mask: cleanup.fill_holes(mask, fill_holes)),
        (grow != 0, lambda mask: cleanup.grow(mask, grow)),
        (hardness > 0, lambda mask: cleanup.harden(mask, hardness / 100)),
        (feather > 0, lambda mask: cleanup.feather(mask, feather)),
    )
    wanted = [step for asked, step in steps if asked]
    job.progress(0, max(1, len(wanted)), "Cleaning the mask")
    for number, step in enumerate(wanted, start=1):
        alpha = step(alpha)
        job.progress(number, len(wanted), "Cleaning the mask")
    return {"alpha": alpha if wanted else copied(alpha)}


def despill(foreground: Array, *, screen: str, strength: float, job: Job) -> dict[str, Array]:
    """The picture without the screen's cast."""
    job.progress(0, 1, "Taking off the screen's colour")
    return {"foreground": take_off_spill(foreground, "green" if screen == "green" else "blue", strength / 100)}


def drop_shadow(
    foreground: Array, alpha: Array, *, right: int, down: int, softness: float, opacity: float, colour: str, job: Job
) -> dict[str, Array]:  # fmt: skip
    """Subject and shadow as one layer."""
    job.progress(0, 1, "Casting the shadow")
    laid, whole = lay_over_shadow(foreground, alpha, shadow_of(alpha, right, down, softness, opacity / 100), colour)
    return {"foreground": laid, "alpha": whole, **({"cutout": cutout(laid, whole)} if job.wants("cutout") else {})}


def composite(
    foreground: Array, alpha: Array, background: Array | None, *, colour: str, fill: str, second_colour: str, angle: float, blur: float, job: Job
) -> dict[str, Array]:
    """The subject over a picture, a colour, a gradient, or its own background out of focus."""
    job.progress(0, 1, "Placing the subject over the background")
    height, width = alpha.shape[1:]
    behind: Array | str = colour if background is None else background
    if fill == "blurred":
        behind = blurred_background(foreground if background is None else cover(background, height, width), alpha, blur)
    elif fill == "gradient" and background is None:
        behind = alike(gradient(height, width, colour, second_colour, angle), alpha)
    return {"image": composite_over(foreground, alpha, behind)}


def crop_to_subject(image: Array, alpha: Array, *, margin: int, job: Job) -> dict[str, Array]:
    """Picture and mask cropped alike; the rectangle is told among the figures."""
    job.progress(0, 1, "Cropping to the subject")
    rows, columns = subject_box(alpha, margin)
    job.figures["crop"] = {"x": columns.start, "y": rows.start, "width": columns.stop - columns.start, "height": rows.stop - rows.start}
    return {"image": copied(image[:, rows, columns]), "alpha": copied(alpha[:, rows, columns])}


def sheet(image: Array, alpha: Array, *, job: Job) -> dict[str, Array]:
    """Photo, alpha and cut-out in one picture."""
    foreground = estimate_foreground(image, alpha, job.progress)
    return {"image": side_by_side(image, alpha, foreground)}
