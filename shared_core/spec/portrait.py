"""The portrait family: a photo drawn in lines, and lines laid over a photo."""

from __future__ import annotations

from .faces import PARAMETERS_OF_CHOICE, PARAMETERS_OF_DETECTION
from .operation import Input, Operation, Output
from .parameters import Choice, Colour, Integer, ModelChoice, Number, Option, Parameter, Switch
from .pictures import IMAGE

__all__ = [
    "DRAWING_OUT",
    "INK_OUT",
    "LINES_OUT",
    "OPERATIONS",
    "PARAMETERS_OF_COMPOSITE",
    "PARAMETERS_OF_DRAWING",
    "PARAMETERS_OF_FINISHING",
    "PARAMETERS_OF_PAPER",
]

_INK_COLOUR = Colour(name="ink_colour", title="Ink colour", default="#000000", help="The colour of the lines.")

PARAMETERS_OF_DRAWING: tuple[Parameter, ...] = (
    Choice(
        name="engine", title="Engine", default="network",
        help="What draws. The network knows faces and leaves out what a draughtsman would leave out; the classical engine, without any training, "
        "draws the edges of whatever is in the picture.",
        options=(Option("network", "Network"), Option("classical", "Classical")),
    ),
    ModelChoice(name="model", title="Model", default="u2netp_portrait", task="portrait", help="The network that draws."),
    Choice(
        name="preprocess", title="Preprocessing", default="default",
        help="How the photo is fed to the network: as measured to be best, or as the authors' program does it.",
        options=(Option("default", "Default"), Option("official", "Official")),
    ),
    Switch(
        name="detail", title="Closer look", default=False,
        help="Draws pictures larger than the network's own size once more in overlapping parts, for finer strokes. Up to 25 more passes of the network.",
    ),
)  # fmt: skip
"""how the ink is drawn"""

PARAMETERS_OF_FINISHING: tuple[Parameter, ...] = (
    Number(
        name="line_weight", title="Line weight", unit="px", default=0.0, low=-8.0, high=8.0, soft_low=-3.0, soft_high=3.0, step=0.25,
        help="How much thicker the lines become, counted in a drawing of 512 pixels; negative makes them thinner.",
    ),
    Number(
        name="black_point", title="Black point", unit="%", default=0.0, low=0.0, high=100.0, soft_low=0.0, soft_high=60.0, step=1.0,
        help="Grays of the drawing up to this brightness become full ink.",
    ),
    Number(
        name="white_point", title="White point", unit="%", default=100.0, low=0.0, high=100.0, soft_low=40.0, soft_high=100.0, step=1.0,
        help="Grays of the drawing from this brightness on become bare paper.",
    ),
    Number(
        name="hatching", title="Hatching", unit="%", default=0.0, low=0.0, high=100.0, soft_low=0.0, soft_high=100.0, step=1.0,
        help="How densely strokes shade what is dark in the photo.",
    ),
    Choice(
        name="hatching_style", title="Hatching style", default="flow",
        help="Strokes that follow the forms in the photo, or straight ones at 45 degrees that cross where it is darkest.",
        options=(Option("flow", "Along the forms"), Option("crossed", "Crossed")),
    ),
)  # fmt: skip
"""what is done with the ink once it is drawn; nothing, at the defaults"""

PARAMETERS_OF_PAPER: tuple[Parameter, ...] = (
    _INK_COLOUR,
    Colour(name="paper_colour", title="Paper colour", default="#ffffff", help="The colour of the paper under the lines."),
    Choice(
        name="paper_texture", title="Paper texture", default="none", help="What the paper's surface looks like: even, grainy, or with the ribs of laid paper.",
        options=(Option("none", "None"), Option("grain", "Grain"), Option("laid", "Laid")),
    ),
    Integer(
        name="seed", title="Seed", default=0, low=0, high=2**31 - 1, soft_low=0, soft_high=100,
        help="Which sheet of paper and which strokes: the same number always gives the same.",
    ),
)  # fmt: skip
"""colours and surface"""

PARAMETERS_OF_COMPOSITE: tuple[Parameter, ...] = (
    Choice(
        name="method", title="Method", default="official",
        help="Official mixes the blurred photo and the drawing, as the authors' program does. Ink lays the lines alone over the sharp photo.",
        options=(Option("official", "Official"), Option("ink", "Ink")),
    ),
    Number(
        name="blur", title="Blur", unit="px", default=20.0, low=0.0, high=500.0, soft_low=0.0, soft_high=64.0, step=1.0,
        help="Official: how far the photo is blurred, the sigma of a Gaussian.",
    ),
    Number(
        name="photo_share", title="Share of the photo", unit="%", default=50.0, low=0.0, high=100.0, soft_low=0.0, soft_high=100.0, step=1.0,
        help="Official: how much of the mixture is photo.",
    ),
)  # fmt: skip
"""how a drawing is laid over its photo"""

DRAWING_OUT = Output(name="drawing", kind="image", title="Drawing", help="The lines on paper.", own_colours=True)
INK_OUT = Output(
    name="ink", kind="cutout", title="Ink", help="The lines alone, in the ink's colour, with transparency where there is no ink.", own_colours=True
)
LINES_OUT = Output(name="lines", kind="map", title="Lines", help="How much ink there is: 1 is full ink, 0 bare paper.")

LINE_DRAWING = Operation(
    id="line_drawing",
    family="portrait",
    title="Portrait Drawing",
    summary="Draw a picture as a whole in lines, best the crop of one head.",
    inputs=(
        IMAGE,
        Input(name="alpha", kind="alpha", title="Alpha", optional=True, help="A mask of the subject; where given, everything else stays bare paper."),
    ),
    parameters=(*PARAMETERS_OF_DRAWING, *PARAMETERS_OF_FINISHING, *PARAMETERS_OF_PAPER),
    outputs=(DRAWING_OUT, INK_OUT, LINES_OUT),
)

INK_OVER_PHOTO = Operation(
    id="ink_over_photo",
    family="portrait",
    title="Ink over Photo",
    summary="Lay a drawing over its photo.",
    inputs=(
        IMAGE,
        Input(
            name="drawing", kind="image", title="Drawing", any_size=True,
            help="Dark lines on light paper, or ink with transparency; stretched to the photo's size.",
        ),
    ),
    parameters=(*PARAMETERS_OF_COMPOSITE, Colour(name="ink_colour", title="Ink colour", default="#000000", help="Ink: the colour of the lines.")),
    outputs=(Output(name="image", kind="image", title="Image", help="The photo with the drawing over it.", own_colours=True),),
)  # fmt: skip

PORTRAIT = Operation(
    id="portrait",
    family="portrait",
    title="Portrait",
    summary="Find the faces in a photo, draw each in lines, and put the drawings where the faces are.",
    inputs=(IMAGE,),
    parameters=(
        *PARAMETERS_OF_CHOICE,
        *PARAMETERS_OF_DETECTION,
        Choice(
            name="no_face", title="Without a face", default="refuse",
            help="What becomes of a picture in which no face is found: it is refused, or drawn as a whole.",
            options=(Option("refuse", "Refuse it"), Option("whole", "Draw it as a whole")),
        ),
        Switch(name="straighten", title="Straighten", default=True, help="Tilted heads are turned upright to be drawn, and turned back."),
        Switch(
            name="clear_background", title="Clear the background", default=False,
            help="Finds the person first and leaves what is behind as bare paper; for busy backgrounds.",
        ),
        Choice(
            name="small_faces", title="Small faces", default="filter",
            help="How a face smaller than the network wants it is enlarged: smoothly, or by a network that adds detail, which must be got once.",
            options=(Option("filter", "Smoothly"), Option("network", "With a network")),
        ),
        ModelChoice(name="upscaler", title="Enlarging model", default="realesrgan_x4plus", task="upscale", help="The network that enlarges small faces."),
        *PARAMETERS_OF_DRAWING,
        *PARAMETERS_OF_FINISHING,
        *PARAMETERS_OF_PAPER,
        *PARAMETERS_OF_COMPOSITE,
    ),
    outputs=(
        DRAWING_OUT,
        INK_OUT,
        LINES_OUT,
        Output(name="composite", kind="image", title="Composite", help="The photo with the drawing over it.", own_colours=True),
    ),
)  # fmt: skip

OPERATIONS = (PORTRAIT, LINE_DRAWING, INK_OVER_PHOTO)
