"""Pictures that many operations take or make, described once."""

from __future__ import annotations

from .operation import Input, Output

__all__ = ["ALPHA", "ALPHA_OUT", "CUTOUT_OUT", "FOREGROUND", "FOREGROUND_OUT", "IMAGE"]

IMAGE = Input(name="image", kind="image", title="Image", help="The photo.")
ALPHA = Input(name="alpha", kind="alpha", title="Alpha", help="A mask of the subject: 1 keeps a pixel, 0 removes it. Any mask will do, also a hard one.")
FOREGROUND = Input(name="foreground", kind="image", title="Foreground", help="The subject's colours, best from Estimate Foreground.")

ALPHA_OUT = Output(name="alpha", kind="alpha", title="Alpha", help="How much of each pixel is the subject: 1 keeps it, 0 removes it.")
FOREGROUND_OUT = Output(
    name="foreground", kind="image", title="Foreground", help="The subject's own colours, freed of the background that shone through at the edge."
)
CUTOUT_OUT = Output(name="cutout", kind="cutout", title="Cut-out", help="Foreground colours with the alpha as transparency (straight, not premultiplied).")
