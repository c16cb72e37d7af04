"""The matting family: from a photo to the alpha and the colours of its subject, in one step or in composable ones."""

from __future__ import annotations

from .operation import Input, Operation, Output
from .parameters import Choice, ModelChoice, Number, Option, Switch
from .pictures import ALPHA, ALPHA_OUT, CUTOUT_OUT, FOREGROUND_OUT, IMAGE

__all__ = ["OPERATIONS"]

_GUIDED = Option("guided", "Guided filter")
_CLOSED_FORM = Option("closed_form", "Closed-form matting", extra="closed-form")
_CRF = Option("crf", "Dense CRF", extra="crf")

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
            "official repeats the authors' program to the letter, rembg that of rembg.",
            options=(Option("default", "Default"), Option("official", "Official"), Option("rembg", "rembg")),
        ),
        Choice(
            name="refine", title="Edge refinement", default="guided",
            help="How the network's coarse edge is fitted to the photo. The guided filter is quick; closed-form matting takes minutes on a large photo and "
            "finds more hair; the dense CRF makes hard edges.",
            options=(Option("none", "None"), _GUIDED, _CLOSED_FORM, _CRF),
        ),
        Number(
            name="edge_width", title="Edge width", unit="px", default=0.0, low=0.0, high=200.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far from the mask's edge the refinement looks for the true edge. 0 chooses it by the photo's size.",
        ),
        Switch(
            name="keep_transparency", title="Keep transparency", default=False,
            help="What is transparent in the picture stays so: its own alpha is multiplied with the mask.",
        ),
        Switch(
            name="detail", title="Closer look", default=False,
            help="Looks again at the subject and along its edge, closer, which finds more in photos of many megapixels. About ten more passes of the network.",
        ),
        Choice(
            name="colours", title="Edge colours", default="freed",
            help="At half-transparent edges the old background shines through. "
            "Its colour is taken out there, or stays as it is in the photo, which is quicker.",
            options=(Option("freed", "Freed of the background"), Option("photo", "As in the photo")),
        ),
    ),
    outputs=(
        ALPHA_OUT,
        FOREGROUND_OUT,
        CUTOUT_OUT,
        Output(name="confidence", kind="map", title="Confidence", help="Where the network's own stages agree (1) and where they do not (0)."),
    ),
)  # fmt: skip

REFINE_ALPHA = Operation(
    id="refine_alpha",
    family="matting",
    title="Refine Alpha",
    summary="Fit the edge of any mask to the edges in the photo.",
    inputs=(
        IMAGE,
        ALPHA,
        Input(name="trimap", kind="trimap", title="Trimap", optional=True, help="Where given, only its unknown part is worked on."),
    ),
    parameters=(
        Number(
            name="edge_width", title="Edge width", unit="px", default=12.0, low=0.0, high=200.0, soft_low=0.0, soft_high=64.0, step=1.0,
            help="How far from the mask's edge the refinement looks for the true edge. Wider finds more hair; 0 leaves the mask as it is.",
        ),
        Choice(
            name="method", title="Method", default="guided",
            help="The guided filter is quick; closed-form matting takes minutes on a large photo and finds more hair; the dense CRF makes hard edges.",
            options=(_GUIDED, _CLOSED_FORM, _CRF),
        ),
    ),
    outputs=(ALPHA_OUT,),
)  # fmt: skip

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

CLOTHES = Operation(
    id="clothes",
    family="matting",
    title="Clothes",
    summary="Find upper-body, lower-body and whole-body clothes, one mask for each.",
    inputs=(IMAGE,),
    parameters=(
        ModelChoice(name="model", title="Model", default="u2net_cloth_seg", task="clothes", help="The network that tells clothes apart."),
        Choice(
            name="preprocess", title="Preprocessing", default="default", help="How the photo is fed to the network: as it was trained, or as rembg does.",
            options=(Option("default", "Default"), Option("rembg", "rembg")),
        ),
    ),
    outputs=(
        Output(name="upper_body", kind="alpha", title="Upper body", help="Shirts, jackets, and all that is worn above the waist."),
        Output(name="lower_body", kind="alpha", title="Lower body", help="Trousers, skirts, and all that is worn below the waist."),
        Output(name="whole_body", kind="alpha", title="Whole body", help="Dresses, overalls, and all that covers both."),
    ),
)  # fmt: skip

OPERATIONS = (MATTE, REFINE_ALPHA, TRIMAP, ESTIMATE_FOREGROUND, CLOTHES)
