"""The portrait of a photo: every face found, cropped, drawn, and put back at the photo's own size and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..arrays import Array, alike, empty
from ..imaging.cleanup import grow
from ..imaging.composite import composite
from ..imaging.face_crops import Patch, Place, cut, paste, place_of, put_back, shown_part
from ..imaging.face_warnings import warnings_of
from ..imaging.faces import Face
from ..imaging.ink import DRAWN_AT, ink_layer, pixel_of
from ..spec import Parameter
from ..spec.faces import PARAMETERS_OF_CHOICE, PARAMETERS_OF_DETECTION
from ..spec.portrait import PARAMETERS_OF_COMPOSITE, PARAMETERS_OF_DRAWING, PARAMETERS_OF_FINISHING, PARAMETERS_OF_PAPER
from .drawing import BEYOND, drawn_ink, drawn_pictures, finished_ink, laid_over
from .faces import counted, crop_size, figures_of, flattened, leave_out, seek_faces
from .job import Job
from .matting import matte
from .upscale import enlarged

__all__ = ["portrait"]

Settings = Mapping[str, Any]
"""values by parameter name, as in the specification of `portrait`: too many to be named twice"""
LARGE_ENOUGH = 0.8
"""of the size a network draws at: larger crops are not enlarged by a network first"""
FADE = 0.08
"""of the crop's side: how softly the drawing ends where the photo goes on"""
RINGING = 4.0
"""pixels of the photo: how far the white beside it is felt in a crop that a filter enlarged"""
MATTING: Settings = {
    "model": "u2netp", "preprocess": "default", "refine": "guided", "edge_width": 0.0, "keep_transparency": False, "detail": False, "colours": "photo",
}  # fmt: skip
"""how a person is told from the background"""


def portrait(image: Array, *, job: Job, **settings: Any) -> dict[str, Array]:
    """Lines of the photo's size, and where wanted the ink alone, the drawing on paper and the photo with it, of each picture of a batch."""
    photos = flattened(image)
    faces, whole = _sitters(image, settings, job)
    job.figures["faces"] = figures_of(faces)
    ink, parts = empty(image.shape[:3], image), len(faces) + len(whole)
    ink[:] = 0
    for done, number in enumerate(whole):
        ink[number] = _inked(photos[number][None], None, settings, _part(job, done, parts))[0]
    for number, photo in enumerate(photos):
        here = [(done, face) for done, face in enumerate(faces, len(whole)) if face.picture == number]
        patches = [_drawn(photo, face, settings, _part(job, done, parts)) for done, face in here]
        if patches:
            ink[number] = paste(ink[number], [one for one in patches if one is not None])
    job.progress(parts, parts, "Drawing the lines")
    made = drawn_pictures(ink, image.dtype, **_of(settings, PARAMETERS_OF_PAPER), job=job)
    if job.wants("composite"):
        layer, colour = made.get("ink"), settings["ink_colour"]
        layer = ink_layer(ink, colour, photos.dtype) if layer is None else layer
        made["composite"] = laid_over(photos, layer, **_of(settings, PARAMETERS_OF_COMPOSITE), ink_colour=colour, job=job)
    return made


def _sitters(image: Array, settings: Settings, job: Job) -> tuple[list[Face], list[int]]:
    """Faces to draw, and pictures to draw as a whole. Raises: BadInput, when there is nobody and that shall not be."""
    if settings["face"] == "whole":
        return [], list(range(len(image)))
    faces, without = seek_faces(image, None, **_of(settings, (*PARAMETERS_OF_CHOICE, *PARAMETERS_OF_DETECTION)), job=job)
    if without and settings["no_face"] == "whole":
        job.notice("No face was found in these pictures, which are drawn as a whole: {numbers}.", numbers=counted(without))
        return faces, without
    leave_out(faces, without, job)
    return faces, []


def _drawn(photo: Array, face: Face, settings: Settings, job: Job) -> Patch | None:
    """The ink of one face, ready to be put into the photo [H, W, 3]."""
    job.notices += warnings_of(photo, face, cleared=settings["clear_background"])
    face = face if settings["straighten"] else replace(face, roll=0.0)
    place, height, width = place_of(face), *photo.shape[:2]
    crop = _crop(photo, place, crop_size([face]) if settings["detail"] else DRAWN_AT, settings, job)
    shown = None
    if any(not (0 <= x <= width and 0 <= y <= height) for x, y in place.corners()) or place.blank_x or place.blank_y:
        shown = grow(alike(shown_part(place, crop.shape[1], height, width)[None], photo), -RINGING * max(1.0, crop.shape[1] / place.side))
    ink = _inked(crop, shown, settings, job)
    return put_back(ink[0], place, height, width, FADE * place.side)


def _crop(photo: Array, place: Place, size: int, settings: Settings, job: Job) -> Array:
    """[1, size, size, 3], of the photo's type, or floats where a network enlarged it."""
    if settings["small_faces"] == "filter" or place.side >= LARGE_ENOUGH * size:
        return cut(photo, place, size)[None]
    small = cut(photo, place, round(place.side))[None]
    return enlarged(small, size / small.shape[1], job, settings["upscaler"])


def _inked(picture: Array, shown: Array | None, settings: Settings, job: Job) -> Array:
    """Finished ink of a picture [1, h, w, 3], of which `shown` [1, h, w] is the photo: [1, h, w]."""
    alpha = None
    if settings["clear_background"]:
        alone = replace(job, wanted=frozenset({"alpha"}), figures={}, notices=[])  # how sure the matte is says nothing of the drawing
        alpha = matte(picture, **MATTING, job=alone)["alpha"]
        picture = composite(picture, alpha, "#ffffff")
    ink = drawn_ink(picture, **_of(settings, PARAMETERS_OF_DRAWING), job=job, photo=shown)
    ink = finished_ink(ink, picture, **_of(settings, PARAMETERS_OF_FINISHING), seed=settings["seed"])
    return ink if alpha is None else ink * grow(alpha, BEYOND * pixel_of(ink))


def _part(job: Job, done: int, parts: int) -> Job:
    """The same job, whose own steps count as one of several parts."""

    def progress(_done: int, _total: int, note: str) -> None:
        job.progress(done, parts, note)

    return replace(job, progress=progress)


def _of(settings: Settings, parameters: Sequence[Parameter]) -> Settings:
    """The values of some parameters."""
    return {one.name: settings[one.name] for one in parameters}
