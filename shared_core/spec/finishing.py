"""The finishing family: what is done with an alpha and a foreground once they are found."""

from __future__ import annotations

from .operation import Input, Operation, Output
from .parameters import Choice, Colour, Integer, Number, Option
from .pictures import ALPHA, ALPHA_OUT, FOREGROUND, IMAGE

__all__ = ["OPERATIONS"]

_ALL = 1_000_000_000
"""pixels: more than any picture has"""

CLEAN_UP = Operation(
    id="clean_up",
    family="finishing",
    title="Mask Clean-up",
    summary="Remove specks from a mask, fill its holes, and move, harden or soften its edge.",
    inputs=(ALPHA,),
    parameters=(
        Choice(
            name="keep", title="Keep", default="all", help="All regions, or only the largest one.",
            options=(Option("all", "All regions"), Option("largest", "The largest region")),
        ),
        Integer(
            name="minimum_area", title="Smallest region", unit="px", default=0, low=0, high=_ALL, soft_low=0, soft_high=10_000,
            help="Regions of fewer pixels than this are removed.",
        ),
        Integer(
            name="fill_holes", title="Largest hole to fill", unit="px", default=0, low=0, high=_ALL, soft_low=0, soft_high=10_000,
            help="Holes of up to this many pixels are filled; 0 fills none.",
        ),
        Number(
            name="grow", title="Grow", unit="px", default=0.0, low=-200.0, high=200.0, soft_low=-16.0, soft_high=16.0, step=0.5,
            help="Moves the edge outwards; negative moves it inwards.",
        ),
        Number(
            name="hardness", title="Hardness", unit="%", default=0.0, low=0.0, high=100.0, soft_low=0.0, soft_high=100.0, step=1.0,
            help="Makes soft edges steeper. 0 changes nothing, 100 leaves only full and empty.",
        ),
        Number(
            name="feather", title="Feather", unit="px", default=0.0, low=0.0, high=200.0, soft_low=0.0, soft_high=32.0, step=0.5,
            help="Softens the edge by this much to either side.",
        ),
    ),
    outputs=(ALPHA_OUT,),
)  # fmt: skip

DESPILL = Operation(
    id="despill",
    family="finishing",
    title="Despill",
    summary="Take off what a green or blue screen casts onto the subject.",
    inputs=(FOREGROUND,),
    parameters=(
        Choice(
            name="screen", title="Screen", default="green", help="The screen's colour. What truly has this colour turns gray.",
            options=(Option("green", "Green"), Option("blue", "Blue")),
        ),
        Number(
            name="strength", title="Strength", unit="%", default=100.0, low=0.0, high=100.0, soft_low=0.0, soft_high=100.0, step=1.0,
            help="How much of the cast is taken off.",
        ),
    ),
    outputs=(Output(name="foreground", kind="image", title="Foreground", help="The same picture without the cast."),),
)  # fmt: skip

DROP_SHADOW = Operation(
    id="drop_shadow",
    family="finishing",
    title="Drop Shadow",
    summary="Lay a soft shadow under a cut-out.",
    inputs=(FOREGROUND, ALPHA),
    parameters=(
        Integer(
            name="right", title="To the right", unit="px", default=12, low=-2000, high=2000, soft_low=-100, soft_high=100,
            help="How far the shadow lies to the right; negative is left.",
        ),
        Integer(
            name="down", title="Down", unit="px", default=12, low=-2000, high=2000, soft_low=-100, soft_high=100,
            help="How far the shadow lies below; negative is above.",
        ),
        Number(
            name="softness", title="Softness", unit="px", default=16.0, low=0.0, high=500.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far the shadow's edge is blurred to either side.",
        ),
        Number(
            name="opacity", title="Opacity", unit="%", default=50.0, low=0.0, high=100.0, soft_low=0.0, soft_high=100.0, step=1.0,
            help="How dark the shadow is.",
        ),
        Colour(name="colour", title="Shadow colour", default="#000000", help="The shadow's colour."),
    ),
    outputs=(
        Output(name="cutout", kind="cutout", title="Cut-out", help="Subject and shadow as one picture with transparency."),
        Output(name="foreground", kind="image", title="Foreground", help="Colours of subject and shadow."),
        Output(name="alpha", kind="alpha", title="Alpha", help="How much of each pixel is subject or shadow."),
    ),
)  # fmt: skip

COMPOSITE = Operation(
    id="composite",
    family="finishing",
    title="Composite over Background",
    summary="Place the subject over a colour, a gradient, another picture, or its own background out of focus.",
    inputs=(
        FOREGROUND,
        ALPHA,
        Input(
            name="background",
            kind="image",
            title="Background",
            optional=True,
            any_size=True,
            help="The picture to place it over; scaled to fill. Without one, what is chosen below is used.",
        ),
    ),
    parameters=(
        Colour(name="colour", title="Background colour", default="#ffffff", help="Used where no background picture is given; also where a gradient begins."),
        Choice(
            name="fill", title="Fill", default="colour",
            help="What is behind the subject. A background picture takes the place of colour and gradient; "
            "blurred puts it out of focus, or without one the picture's own background.",
            options=(Option("colour", "Colour"), Option("gradient", "Gradient"), Option("blurred", "Blurred")),
        ),
        Colour(name="second_colour", title="Second colour", default="#808080", help="Where a gradient ends."),
        Number(
            name="angle", title="Angle", unit="°", default=90.0, low=-360.0, high=360.0, soft_low=0.0, soft_high=360.0, step=1.0,
            help="Where a gradient runs: 0 from left to right, 90 from top to bottom.",
        ),
        Number(
            name="blur", title="Blur", unit="px", default=24.0, low=0.0, high=1000.0, soft_low=0.0, soft_high=100.0, step=1.0,
            help="How far the background is out of focus.",
        ),
    ),
    outputs=(Output(name="image", kind="image", title="Image", help="The subject over the new background."),),
)  # fmt: skip

CROP_TO_SUBJECT = Operation(
    id="crop_to_subject",
    family="finishing",
    title="Crop to Subject",
    summary="Cut a picture and its mask down to the subject.",
    inputs=(IMAGE, ALPHA),
    parameters=(
        Integer(
            name="margin", title="Margin", unit="px", default=0, low=0, high=10_000, soft_low=0, soft_high=200,
            help="How much is left around the subject, as far as the picture reaches.",
        ),
    ),
    outputs=(
        Output(name="image", kind="image", title="Image", help="The picture, cropped. All pictures of a batch are cropped alike.", any_size=True),
        Output(name="alpha", kind="alpha", title="Alpha", help="The mask, cropped.", any_size=True),
    ),
)  # fmt: skip

SHEET = Operation(
    id="sheet",
    family="finishing",
    title="Comparison Sheet",
    summary="Put photo, alpha and cut-out side by side, to judge them.",
    inputs=(IMAGE, ALPHA),
    parameters=(),
    outputs=(Output(name="image", kind="image", title="Sheet", help="Photo, alpha, and the cut-out over a checkerboard.", any_size=True),),
)

OPERATIONS = (CLEAN_UP, DESPILL, DROP_SHADOW, COMPOSITE, CROP_TO_SUBJECT, SHEET)
