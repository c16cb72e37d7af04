"""Every node as plain data, made from the specification. ComfyUI's schemas, translations and help pages are made from this.

Saved graphs keep widget values by position: widgets stand in the specification's order, which only ever grows at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..shared_core import operation, operations
from ..shared_core.models.cards import cards
from ..shared_core.spec import Choice, Colour, Input, Integer, Kind, ModelChoice, Number, Operation, Option, Output, Parameter, Switch
from ..shared_core.spec.parameters import unreachable
from .wording import Words, _, words

__all__ = [
    "FACES_TYPE",
    "FILLS",
    "FOLDER_LOADER",
    "LOADER",
    "MODEL_TYPE",
    "REMOVE_BACKGROUND",
    "FolderChoice",
    "Node",
    "Setting",
    "Slot",
    "Widget",
    "all_nodes",
    "node_of",
]

MODEL_TYPE = "U2_MODEL"
FACES_TYPE = "U2_FACES"
LOADER = "U2LoadModel"
FOLDER_LOADER = "U2LoadFolder"
REMOVE_BACKGROUND = "U2RemoveBackground"
FILLS = ("transparent", "colour", "picture", "blurred")
"""what Remove Background puts behind the subject"""
ROOT_CATEGORY = "u2studio"

_FROM_LOAD_IMAGE = _("The mask of LoadImage is the other way round: put InvertMask between.")
_TO_JOIN = _("JoinImageWithAlpha takes masks the other way round: put InvertMask between.")
_FITTED = _("A mask of another size is scaled to the picture.")
_BATCHES = _("One for each picture, or one for all.")
_FROM_LOADER = _("From Load U²-Net Model.")
_OWN_MODEL = _("With nothing connected, the network that comes with this pack is used.")
_GOT_MODEL = _("With nothing connected, the published network is used, which has to be got once: the error of a node without it tells how.")
_KEEPS = _("1 keeps a pixel, 0 removes it.")
_TRANSPARENT = _("It has four channels (RGBA); SaveImage keeps them.")


@dataclass(frozen=True, kw_only=True)
class FolderChoice:
    """One of the folders in ComfyUI's input folder."""

    name: str
    title: str
    help: str
    default: str = ""


Setting = Parameter | FolderChoice


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A picture, mask, list of faces or model that is linked. `kind` is the core's; None for models."""

    id: str
    type: str
    title: Words
    tooltip: Words
    optional: bool = False
    lazy: bool = False
    kind: Kind | None = None
    one_by_one: bool = False
    """an output that is a list: what it is linked to runs once for each"""


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A value set on the node itself; `parameter` says what it may be. A `ModelChoice` is a list of the models there are."""

    id: str
    title: Words
    tooltip: Words
    parameter: Setting


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node. `operation` is the job it does; None where it does not do just one."""

    id: str
    title: Words
    category: str
    summary: Words
    inputs: tuple[Slot | Widget, ...]
    outputs: tuple[Slot, ...]
    operation: Operation | None = None
    shows_result: bool = False
    """ends a graph: runs with nothing behind it, and shows what it made"""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The inputs that are linked."""
        return tuple(one for one in self.inputs if isinstance(one, Slot))

    @property
    def widgets(self) -> tuple[Widget, ...]:
        """The inputs that are set on the node, in the order in which graphs save them."""
        return tuple(one for one in self.inputs if isinstance(one, Widget))


def all_nodes() -> tuple[Node, ...]:
    """Every node of the pack: the loaders, the all-in-one, and one for each operation there is."""
    return (_loader(), _folder_loader(), _remove_background(), *(node_of(one) for one in operations()))


def node_of(one: Operation) -> Node:
    """The node that does one operation."""
    return Node(
        id="U2" + "".join(word.capitalize() for word in one.id.split("_")),
        title=words(one.title),
        category=f"{ROOT_CATEGORY}/{one.family}",
        summary=words(one.summary),
        inputs=(*(_input(entry, beside_a_picture=len(one.inputs) > 1) for entry in one.inputs), *map(_setting, one.parameters)),
        outputs=tuple(map(_output, one.outputs)),
        operation=one,
    )


def _socket_type(kind: Kind) -> str:
    match kind:
        case "image" | "cutout":
            return "IMAGE"
        case "alpha" | "trimap" | "map":
            return "MASK"
        case "faces":
            return FACES_TYPE
        case _:
            return unreachable(kind)


def _input(one: Input, *, beside_a_picture: bool = True) -> Slot:
    sentences = [one.help]
    if one.kind == "alpha":
        sentences += ["" if "1 keeps" in one.help else _KEEPS, _FROM_LOAD_IMAGE]
    if beside_a_picture and _socket_type(one.kind) == "MASK":
        sentences += [_FITTED, _BATCHES]
    return Slot(id=one.name, type=_socket_type(one.kind), title=words(one.title), tooltip=words(*sentences), optional=one.optional, kind=one.kind)


def _output(one: Output) -> Slot:
    more = {"alpha": ("" if "1 keeps" in one.help else _KEEPS, _TO_JOIN), "cutout": (_TRANSPARENT,)}.get(one.kind, ())
    return Slot(id=one.name, type=_socket_type(one.kind), title=words(one.title), tooltip=words(one.help, *more), kind=one.kind)


def _setting(parameter: Parameter) -> Slot | Widget:
    if isinstance(parameter, ModelChoice):
        comes_along = any(source.kind == "embedded" for one in cards() if one.id == parameter.default for source in one.sources)
        tooltip = words(parameter.help, _FROM_LOADER, _OWN_MODEL if comes_along else _GOT_MODEL)
        return Slot(id=parameter.name, type=MODEL_TYPE, title=words(parameter.title), tooltip=tooltip, optional=True)
    return _widget(parameter)


def _widget(parameter: Setting) -> Widget:
    tooltip = words(parameter.help)
    match parameter:
        case Number() | Integer():
            title = words(parameter.title, unit=parameter.unit)
        case Choice():
            title, tooltip = words(parameter.title), words(parameter.help, options=parameter.options)
        case Switch() | Colour() | ModelChoice() | FolderChoice():
            title = words(parameter.title)
        case _:
            return unreachable(parameter)
    return Widget(id=parameter.name, title=title, tooltip=tooltip, parameter=parameter)


def _loader() -> Node:
    model = ModelChoice(
        name="model", title=_("Model"), default="u2netp", task="",
        help=_("What comes with this pack stands first, then the .safetensors files of the folder models/u2net and of the folders in it."),
    )  # fmt: skip
    return Node(
        id=LOADER,
        title=words(_("Load U²-Net Model")),
        category=ROOT_CATEGORY,
        summary=words(_("Choose the network that the other nodes of this pack use. Its kind is read from the file.")),
        inputs=(_widget(model),),
        outputs=(Slot(id="model", type=MODEL_TYPE, title=words(_("Model")), tooltip=words(_("For the model input of the nodes of this pack."))),),
    )


def _folder_loader() -> Node:
    folder = FolderChoice(name="folder", title=_("Folder"), help=_("A folder in ComfyUI's input folder. Its pictures are read in the order of their names."))
    pictures = Slot(
        id="images", type="IMAGE", title=words(_("Images")), kind="image", one_by_one=True,
        tooltip=words(_("One by one, each in its own size: the nodes behind run once for each picture.")),
    )  # fmt: skip
    return Node(
        id=FOLDER_LOADER,
        title=words(_("Load Pictures of a Folder")),
        category=ROOT_CATEGORY,
        summary=words(_("Read every picture of a folder, upright and with its colours as sRGB.")),
        inputs=(_widget(folder),),
        outputs=(pictures,),
    )


def _remove_background() -> Node:
    matte, composite = operation("matte"), operation("composite")
    fill = Choice(
        name="fill", title=_("New background"), default="transparent", options=tuple(Option(one, one) for one in FILLS),
        help=_(
            "transparent: the picture gets an alpha channel (RGBA). colour, picture: the subject stands over the colour or the background picture. "
            "blurred: its own background stays, out of focus."
        ),
    )  # fmt: skip
    background = replace(
        _input(next(one for one in composite.inputs if one.name == "background")), lazy=True,
        tooltip=words(_("Used where the new background is picture, and only then worked out. It is scaled to fill.")),
    )  # fmt: skip
    image = Slot(id="image", type="IMAGE", title=words(_("Image")), tooltip=words(_("The picture without its background.")), kind="image")
    mask = _output(next(one for one in matte.outputs if one.name == "alpha"))
    colour = replace(composite.parameter("colour"), help=_("Used where the new background is colour."))
    return Node(
        id=REMOVE_BACKGROUND,
        title=words(_("Remove Background")),
        category=ROOT_CATEGORY,
        summary=words(_("Everything in one node: find the subject, refine its edge, free its colours, and put a new background behind it.")),
        inputs=(
            *map(_input, matte.inputs),
            background,
            # its own settings first: the ones of the operation may grow at their end
            *(_widget(parameter) for parameter in (fill, colour, *matte.parameters)),
        ),
        outputs=(image, mask),
        shows_result=True,
    )
