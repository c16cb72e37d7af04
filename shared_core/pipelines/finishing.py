"""The finishing family. Each public function is the operation of its name in `spec/finishing.py`."""

from __future__ import annotations

from torch import Tensor

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


def clean_up(alpha: Tensor, *, keep: str, minimum_area: int, fill_holes: int, grow: float, hardness: float, feather: float, job: Job) -> dict[str, Tensor]:
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
    return {"alpha": alpha if wanted else alpha.clone()}


def despill(foreground: Tensor, *, screen: str, strength: float, job: Job) -> dict[str, Tensor]:
    """The picture without the screen's cast."""
    job.progress(0, 1, "Taking off the screen's colour")
    return {"foreground": take_off_spill(foreground, "green" if screen == "green" else "blue", strength / 100)}


def drop_shadow(
    foreground: Tensor, alpha: Tensor, *, right: int, down: int, softness: float, opacity: float, colour: str, job: Job
) -> dict[str, Tensor]:  # fmt: skip
    """Subject and shadow as one layer."""
    job.progress(0, 1, "Casting the shadow")
    laid, whole = lay_over_shadow(foreground, alpha, shadow_of(alpha, right, down, softness, opacity / 100), colour)
    return {"foreground": laid, "alpha": whole, **({"cutout": cutout(laid, whole)} if job.wants("cutout") else {})}


def composite(
    foreground: Tensor, alpha: Tensor, background: Tensor | None, *, colour: str, fill: str, second_colour: str, angle: float, blur: float, job: Job
) -> dict[str, Tensor]:
    """The subject over a picture, a colour, a gradient, or its own background out of focus."""
    job.progress(0, 1, "Placing the subject over the background")
    height, width = alpha.shape[1:]
    behind: Tensor | str = colour if background is None else background
    if fill == "blurred":
        behind = blurred_background(foreground if background is None else cover(background, height, width), alpha, blur)
    elif fill == "gradient" and background is None:
        behind = gradient(height, width, colour, second_colour, angle).to(alpha.device)
    return {"image": composite_over(foreground, alpha, behind)}


def crop_to_subject(image: Tensor, alpha: Tensor, *, margin: int, job: Job) -> dict[str, Tensor]:
    """Picture and mask cropped alike; the rectangle is told among the figures."""
    job.progress(0, 1, "Cropping to the subject")
    rows, columns = subject_box(alpha, margin)
    job.figures["crop"] = {"x": columns.start, "y": rows.start, "width": columns.stop - columns.start, "height": rows.stop - rows.start}
    return {"image": image[:, rows, columns].clone(), "alpha": alpha[:, rows, columns].clone()}


def sheet(image: Tensor, alpha: Tensor, *, job: Job) -> dict[str, Tensor]:
    """Photo, alpha and cut-out in one picture."""
    foreground = estimate_foreground(image, alpha, job.progress)
    return {"image": side_by_side(image, alpha, foreground)}
