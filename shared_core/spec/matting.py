"""The matting family: from a photo to a clean cut-out, in one step or in composable ones."""

from __future__ import annotations

from .operation import Input, Operation, Output
from .parameters import Choice, Colour, ModelChoice, Number, Option

__all__ = ["OPERATIONS"]

IMAGE = Input(name="image", kind="image", title="Image", help="The photo.")
ALPHA = Input(name="alpha", kind="alpha", title="Alpha", help="A mask of the subject: 1 keeps a pixel, 0 removes it. Any mask will do, also a hard one.")

ALPHA_OUT = Output(name="alpha", kind="alpha", title="Alpha", help="How much of each pixel is the subject: 1 keeps it, 0 removes it.")
FOREGROUND_OUT = Output(
    name="foreground", kind="image", title="Foreground", help="The subject's own colours, freed of the background that shone through at the edge."
)
CUTOUT_OUT = Output(name="cutout", kind="cutout", title="Cut-out", help="Foreground colours with the alpha as transparency (straight, not premultiplied).")

EDGE_WIDTH = Number(
    name="edge_width", title="Edge width", unit="px", default=12.0, low=0.0, high=200.0, soft_low=0.0, soft_high=64.0, step=1.0,
    help="How far from the mask's edge the refinement looks for the true edge. Wider finds more hair; 0 leaves the mask as it is.",
)  # fmt: skip

MATTE = Operation(
    id="matte",
    family="matting",
    title="Matte",
    summary="Cut the subject out of a photo.",
    inputs=(IMAGE,),
    parameters=(
        ModelChoice(name="model", title="Model", default="u2netp", task="matting", help="The network that finds the subject."),
        Choice(
            name="preprocess", title="Preprocessing", default="default",
            help="How the photo is fed to the network. Default shrinks it without aliasing and never stretches a doubtful mask; "
            "official repeats the authors' program to the letter.",
            options=(Option("default", "Default"), Option("official", "Official")),
        ),
        Choice(
            name="refine", title="Edge refinement", default="guided", help="How the network's coarse edge is fitted to the photo.",
            options=(Option("none", "None"), Option("guided", "Guided filter")),
        ),
        Number(
            name="edge_width", title="Edge width", unit="px", default=0.0, low=0.0, high=200.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far from the mask's edge the refinement looks for the true edge. 0 chooses it by the photo's size.",
        ),
    ),
    outputs=(ALPHA_OUT, FOREGROUND_OUT, CUTOUT_OUT),
)  # fmt: skip

REFINE_ALPHA = Operation(
    id="refine_alpha",
    family="matting",
    title="Refine Alpha",
    summary="Fit the edge of any mask to the edges in the photo.",
    inputs=(IMAGE, ALPHA),
    parameters=(EDGE_WIDTH,),
    outputs=(ALPHA_OUT,),
)

TRIMAP = Operation(
    id="trimap",
    family="matting",
    title="Trimap",
    summary="Mark what is surely subject, surely background, and unknown between them.",
    inputs=(ALPHA,),
    parameters=(
        Number(
            name="inside", title="Unknown inside", unit="px", default=8.0, low=0.0, high=500.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far the unknown band reaches into the subject.",
        ),
        Number(
            name="outside", title="Unknown outside", unit="px", default=8.0, low=0.0, high=500.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far the unknown band reaches into the background.",
        ),
    ),
    outputs=(Output(name="trimap", kind="trimap", title="Trimap", help="1 = subject, 0 = background, 0.5 = unknown."),),
)  # fmt: skip

ESTIMATE_FOREGROUND = Operation(
    id="estimate_foreground",
    family="matting",
    title="Estimate Foreground",
    summary="Free the subject's edge colours of the background that shines through.",
    inputs=(IMAGE, ALPHA),
    parameters=(),
    outputs=(FOREGROUND_OUT, CUTOUT_OUT),
)

COMPOSITE = Operation(
    id="composite",
    family="matting",
    title="Composite over Background",
    summary="Place the subject over a colour or over another picture.",
    inputs=(
        Input(name="foreground", kind="image", title="Foreground", help="The subject's colours, best from Estimate Foreground."),
        ALPHA,
        Input(
            name="background",
            kind="image",
            title="Background",
            optional=True,
            any_size=True,
            help="The picture to place it over; scaled to fill. Without one, the colour is used.",
        ),
    ),
    parameters=(Colour(name="colour", title="Background colour", default="#ffffff", help="Used where no background picture is given."),),
    outputs=(Output(name="image", kind="image", title="Image", help="The subject over the new background."),),
)

SHEET = Operation(
    id="sheet",
    family="matting",
    title="Comparison Sheet",
    summary="Put photo, alpha and cut-out side by side, to judge them.",
    inputs=(IMAGE, ALPHA),
    parameters=(),
    outputs=(Output(name="image", kind="image", title="Sheet", help="Photo, alpha, and the cut-out over a checkerboard."),),
)

OPERATIONS = (MATTE, REFINE_ALPHA, TRIMAP, ESTIMATE_FOREGROUND, COMPOSITE, SHEET)
