"""The faces family. Each public function named in `spec/faces.py` is that operation; the portrait family uses the others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..arrays import Array, copied, library
from ..errors import BadInput, ModelMissing
from ..imaging.composite import composite as over_background
from ..imaging.cutout import as_floats
from ..imaging.face_crops import cut, paste, place_of, put_back
from ..imaging.face_detection import detected, least_width
from ..imaging.face_steady import steadied
from ..imaging.face_warnings import warnings_of
from ..imaging.faces import Face, faces_from_rows, from_left_to_right, largest, nearest, rows_from_faces, whole_picture
from .job import Job

__all__ = [
    "choose_faces",
    "counted",
    "crop_face",
    "crop_size",
    "detect_faces",
    "figures_of",
    "find_faces",
    "flattened",
    "leave_out",
    "paste_face",
    "seek_faces",
]

YUNET = "yunet"
UPRIGHT = 5.0
"""degrees; detectors are not surer than that, and an upright crop is a slice of the photo, by the published rule"""
LARGEST_BOX = 2
"""of the picture's longer side; the white around a crop costs memory, too"""
OWN_SMALLEST, OWN_LARGEST = 512, 2048
"""pixels; crops at the photo's own resolution"""


def detect_faces(image: Array, *, detector: str, smallest: int, steady: bool, job: Job) -> dict[str, Array]:
    """The faces of every picture, from left to right."""
    faces = find_faces(image, detector=detector, smallest=smallest, steady=steady, job=job)
    job.figures["faces"] = figures_of(faces)
    if not faces:
        job.notice("There is no face in the picture, or none that the detector finds.")
    return {"faces": rows_from_faces(faces)}


def crop_face(
    image: Array, faces: Array | None, *, detector: str, smallest: int, steady: bool, face: str, number: int, x: float, y: float, width: float,
    height: float, size: int, straighten: bool, job: Job,
) -> dict[str, Array]:  # fmt: skip
    """The square around each head, and where it was."""
    chosen, without = seek_faces(
        image, faces, detector=detector, smallest=smallest, steady=steady, face=face, number=number, x=x, y=y, width=width, height=height, job=job
    )
    leave_out(chosen, without, job)
    if not straighten:
        chosen = [replace(one, roll=0.0) for one in chosen]
    side = size or crop_size(chosen)
    pictures = flattened(image)
    crops: list[Array] = []
    for done, one in enumerate(chosen):
        job.progress(done, len(chosen), "Cropping faces")
        job.notices += warnings_of(pictures[one.picture], one)
        crops.append(cut(pictures[one.picture], place_of(one), side))
    job.figures["faces"] = figures_of(chosen)
    return {"image": library(image).stack(crops), "faces": rows_from_faces(chosen)}


def paste_face(image: Array, drawing: Array, faces: Array, *, feather: float, job: Job) -> dict[str, Array]:
    """The pictures with their drawings in place; a transparent photo stays so."""
    if drawing.shape[1] != drawing.shape[2]:
        raise BadInput("drawing is {width}×{height} pixels; face crops are square.", width=drawing.shape[2], height=drawing.shape[1])
    placed = list(zip(faces_from_rows(faces), flattened(drawing), strict=True))
    made = copied(image)
    for number, photo in enumerate(made):
        job.progress(number, len(made), "Putting faces back")
        height, width = photo.shape[:2]
        patches = [put_back(crop, place_of(face), height, width, feather) for face, crop in placed if face.picture == number]
        photo[..., :3] = paste(photo[..., :3], [patch for patch in patches if patch is not None])
    return {"image": made}


def seek_faces(
    image: Array, rows: Array | None, *, detector: str, smallest: int, steady: bool, face: str, number: int, x: float, y: float, width: float,
    height: float, job: Job,
) -> tuple[list[Face], list[int]]:  # fmt: skip
    """The chosen ones of the faces given, or of those found; and the pictures in which there is nobody. Parameters as in `spec.faces`.

    Raises: BadInput, when there is somebody in the pictures, but not the one that is meant; and for a box that is none of the picture's.
    """
    found: list[Face] = []
    if rows is not None:
        found = faces_from_rows(rows)
    elif face not in ("box", "whole"):  # for these nothing need be found
        smallest = smallest or (least_width(*image.shape[1:3]) if face == "nearest" else 0)  # someone who is pointed at is no bystander
        found = find_faces(image, detector=detector, smallest=smallest, steady=steady, job=job, only_largest=face == "largest" and not steady)
    chosen = choose_faces(found, len(image), *image.shape[1:3], face=face, number=number, x=x, y=y, width=width, height=height)
    there, meant = {one.picture for one in found}, {one.picture for one in chosen}
    if there - meant:
        job.notice("There is no face number {face} in these pictures, which are left out: {numbers}.", face=number, numbers=counted(there - meant))
    return chosen, sorted(set(range(len(image))) - there - meant)


def leave_out(faces: Sequence[Face], without: Sequence[int], job: Job) -> None:
    """Say which pictures are left out because nobody is in them. Raises: BadInput, when that leaves none."""
    if not faces:
        raise BadInput("There is no face in the picture, or none that the detector finds. Give its box by hand, or take the picture as a whole.")
    if without:
        job.notice("There is no face in these pictures, which are left out: {numbers}.", numbers=counted(without))


def counted(pictures: Iterable[int]) -> str:
    """As people count them."""
    return ", ".join(str(one + 1) for one in sorted(pictures))


def find_faces(image: Array, *, detector: str, smallest: int, steady: bool, job: Job, only_largest: bool = False) -> list[Face]:
    """Faces of every picture, by picture and from left to right; nearly upright ones as upright ones in whole pixels.

    Args:
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        detector: "auto", "cascade" or "yunet".
        smallest: width of the smallest face, px; 0: as the detector chooses.
        steady: the pictures are a film.
        job: for the model, the progress and the provenance.
        only_largest: others need not be found, which saves time.
    Raises: ModelMissing, for "yunet" where it is not here; ModelCorrupt.
    """
    file = None
    if detector != "cascade":
        try:
            file = job.file(YUNET)
        except ModelMissing:
            if detector == YUNET:
                raise
    found: list[Face] = []
    for number, picture in enumerate(image):
        job.progress(number, len(image), "Looking for faces")
        found += [replace(face, picture=number) for face in detected(flattened(picture[None])[0], file, smallest, only_largest=only_largest)]
    return from_left_to_right(steadied(found) if steady else [_plain(face) for face in found])


def _plain(face: Face) -> Face:
    if abs(face.roll) >= UPRIGHT:
        return face
    return replace(face, roll=0.0, left=round(face.left), top=round(face.top), width=round(face.width), height=round(face.height))


def choose_faces(
    faces: Sequence[Face], batch: int, picture_height: int, picture_width: int, *,
    face: str, number: int, x: float, y: float, width: float, height: float,
) -> list[Face]:  # fmt: skip
    """Of every picture's faces the one that is meant, or all; boxes by hand and whole pictures are made here.

    Raises: BadInput, when no picture has a face of that number, and for a box that is empty or outside the picture.
    """
    if face == "whole":
        return [whole_picture(picture_width, picture_height, one) for one in range(batch)]
    if face == "box":
        return [replace(_box(picture_height, picture_width, x, y, width, height or width), picture=one) for one in range(batch)]
    if face == "all":
        return list(faces)
    chosen: list[Face] = []
    for own in ([one for one in faces if one.picture == index] for index in range(batch)):
        if own and face == "largest":
            chosen.append(largest(own))
        elif own and face == "nearest":
            chosen.append(nearest(own, x, y))
        elif own and number <= len(own):
            chosen.append(from_left_to_right(own)[number - 1])
    if faces and not chosen:
        most = max(sum(one.picture == index for one in faces) for index in range(batch))
        raise BadInput("There is no face number {number}; there are {found}.", number=number, found=most)
    return chosen


def _box(picture_height: int, picture_width: int, x: float, y: float, width: float, height: float) -> Face:
    if width < 1 or height < 1:
        raise BadInput("The box by hand is {width:g}×{height:g} pixels; give it a width.", width=width, height=height)
    if x >= picture_width or y >= picture_height or x + width <= 0 or y + height <= 0:
        raise BadInput("The box at {x:g}, {y:g} of {width:g}×{height:g} pixels lies outside the picture, which is {picture_width}×{picture_height}.",
                       x=x, y=y, width=width, height=height, picture_width=picture_width, picture_height=picture_height)  # fmt: skip
    if max(width, height) > LARGEST_BOX * max(picture_width, picture_height):
        raise BadInput("The box by hand is {width:g}×{height:g} pixels, far larger than the picture, which is {picture_width}×{picture_height}.",
                       width=width, height=height, picture_width=picture_width, picture_height=picture_height)  # fmt: skip
    return Face(left=x, top=y, width=width, height=height)


def crop_size(faces: Sequence[Face]) -> int:
    """The size of crops at the photo's own resolution, for the largest of these faces, 512 to 2048 px."""
    return min(max(math.ceil(max(place_of(face).side for face in faces) - 0.01), OWN_SMALLEST), OWN_LARGEST)


def figures_of(faces: Sequence[Face]) -> list[dict[str, float]]:
    """Faces for a report: the picture counted from 1, pixels, degrees."""
    return [
        {"picture": face.picture + 1, "left": round(face.left, 1), "top": round(face.top, 1), "width": round(face.width, 1), "height": round(face.height, 1),
         "roll": round(face.roll, 1), "score": round(face.score, 3)}
        for face in faces
    ]  # fmt: skip


def flattened(pictures: Array) -> Array:
    """[B, H, W, 3 or 4] → [B, H, W, 3]: what is transparent becomes the white that portrait networks know."""
    if pictures.shape[-1] == 3:
        return pictures
    return over_background(pictures, as_floats(pictures[..., 3]), "#ffffff")
