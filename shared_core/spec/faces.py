"""The faces family: faces found in photos, cut out by the rule portrait networks were trained with, and put back."""

from __future__ import annotations

from .operation import Input, Operation, Output
from .parameters import Choice, Integer, Number, Option, Parameter, Switch
from .pictures import IMAGE

__all__ = ["FACES_OUT", "OPERATIONS", "PARAMETERS_OF_CHOICE", "PARAMETERS_OF_DETECTION"]

_ALL = 1_000_000
"""pixels: more than any side has"""

FACES_OUT = Output(name="faces", kind="faces", title="Faces", help="A box for each face, with its tilt and how sure it is.")

PARAMETERS_OF_DETECTION: tuple[Parameter, ...] = (
    Choice(
        name="detector", title="Detector", default="auto",
        help="What finds faces. The cascade comes with the program and finds faces seen from the front; YuNet also finds small and half-turned ones and is "
        "fetched once, as the model yunet. Automatic takes YuNet where it is here.",
        options=(Option("auto", "Automatic"), Option("cascade", "Cascade"), Option("yunet", "YuNet")),
    ),
    Integer(
        name="smallest", title="Smallest face", unit="px", default=0, low=0, high=_ALL, soft_low=0, soft_high=500,
        help="Faces narrower than this, from temple to temple, are left out. 0 leaves out those less than half as wide as the largest.",
    ),
    Switch(
        name="steady", title="Steady", default=False, help="The pictures are a film: boxes follow their faces smoothly, so that what is drawn does not tremble."
    ),
)  # fmt: skip
"""how faces are found"""

PARAMETERS_OF_CHOICE: tuple[Parameter, ...] = (
    Choice(
        name="face", title="Face", default="all",
        help="Which faces: all; the largest of each picture; the one of a number, counted from the left; the one nearest to a point; "
        "a box given by hand; or the whole picture, as one face.",
        options=(
            Option("all", "All"), Option("largest", "The largest"), Option("number", "By number"), Option("nearest", "Nearest to a point"),
            Option("box", "Box by hand"), Option("whole", "The whole picture"),
        ),
    ),
    Integer(name="number", title="Number", default=1, low=1, high=1000, soft_low=1, soft_high=10, help="Which face, by number: 1 is the leftmost."),
    Number(
        name="x", title="X", unit="px", default=0.0, low=-_ALL, high=_ALL, soft_low=0.0, soft_high=4000.0, step=1.0,
        help="The point's place from the picture's left side, or the box's left side.",
    ),
    Number(
        name="y", title="Y", unit="px", default=0.0, low=-_ALL, high=_ALL, soft_low=0.0, soft_high=4000.0, step=1.0,
        help="The point's place from the picture's top, or the box's top.",
    ),
    Number(
        name="width", title="Box width", unit="px", default=0.0, low=0.0, high=_ALL, soft_low=0.0, soft_high=2000.0, step=1.0,
        help="Of the box by hand, which holds the face from mid-forehead to chin; the crop takes in the head around it.",
    ),
    Number(
        name="height", title="Box height", unit="px", default=0.0, low=0.0, high=_ALL, soft_low=0.0, soft_high=2000.0, step=1.0,
        help="Of the box by hand. 0 makes it as high as wide.",
    ),
)  # fmt: skip
"""which of them"""

DETECT_FACES = Operation(
    id="detect_faces",
    family="faces",
    title="Detect Faces",
    summary="Find the faces in a photo: where they are, how large, how tilted.",
    inputs=(IMAGE,),
    parameters=PARAMETERS_OF_DETECTION,
    outputs=(FACES_OUT,),
)

CROP_FACE = Operation(
    id="crop_face",
    family="faces",
    title="Crop Face",
    summary="Cut out the square around a head, as portrait networks know it: white where it leaves the photo, upright.",
    inputs=(
        IMAGE,
        Input(name="faces", kind="faces", title="Faces", optional=True, help="Faces as Detect Faces finds them. Without them, they are looked for."),
    ),
    parameters=(
        *PARAMETERS_OF_DETECTION,
        *PARAMETERS_OF_CHOICE,
        Integer(
            name="size", title="Size", unit="px", default=512, low=0, high=4096, soft_low=0, soft_high=2048,
            help="Height and width of the crop. 0 keeps the photo's own resolution, from 512 up to 2048.",
        ),
        Switch(name="straighten", title="Straighten", default=True, help="Tilted heads are turned upright. Paste Face Back turns them back."),
    ),
    outputs=(
        Output(name="image", kind="image", title="Crops", help="A square picture for each face.", any_size=True),
        Output(name="faces", kind="faces", title="Faces", help="Where each crop was taken, for Paste Face Back."),
    ),
)  # fmt: skip

PASTE_FACE = Operation(
    id="paste_face",
    family="faces",
    title="Paste Face Back",
    summary="Put what was made of face crops back into the photo, at their size and place.",
    inputs=(
        IMAGE,
        Input(name="drawing", kind="image", title="Drawing", any_size=True, per_face=True, help="A square picture for each face, in the order of the faces."),
        Input(name="faces", kind="faces", title="Faces", help="Where the crops were taken, as Crop Face tells it."),
    ),
    parameters=(
        Number(
            name="feather", title="Feather", unit="px", default=0.0, low=0.0, high=1000.0, soft_low=0.0, soft_high=100.0, step=1.0,
            help="How wide the soft edge between the drawing and the photo is.",
        ),
    ),
    outputs=(Output(name="image", kind="image", title="Image", help="The photo with the drawings in place.", own_colours=True),),
)  # fmt: skip

OPERATIONS = (DETECT_FACES, CROP_FACE, PASTE_FACE)
