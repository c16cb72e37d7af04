"""A procedure's arguments, declared once for the dialog, for scripts and for the saved settings; and their values, as the worker takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Babl, Gegl, Gimp, GObject

from .texts import _, with_mnemonics

__all__ = ["argument", "declare", "masks", "others_of", "pictures", "values"]

FLAGS = GObject.ParamFlags.READWRITE


def _results() -> dict[str, tuple[str, str]]:
    return {
        "layer-mask": (_("Layer mask"), _("Hides what is not the subject; the layer's pixels stay as they are.")),
        "new-layer": (_("New layer"), _("The result as a layer above.")),
        "in-place": (_("This layer"), _("Replaces the layer's pixels.")),
        "selection": (_("Selection"), _("Selects the subject.")),
        "channel": (_("Channel"), _("Keeps the mask as a channel of the image.")),
        "trimap": (_("Trimap channel"), _("Marks sure subject, sure background and unknown, for GIMP's foreground selection.")),
        "foreground": (_("Foreground colours"), _("A layer above with the subject's own colours, freed of the old background, and the mask.")),
    }


def _existing() -> dict[str, tuple[str, str]]:
    return {
        "new-layer": (_("Keep it, and use a new layer"), _("The layer's mask stays; a copy of the layer gets the new one.")),
        "replace": (_("Replace it"), _("The old mask is lost, but for undo.")),
        "combine": (_("Combine with it"), _("What either mask hides stays hidden.")),
    }


def argument(name: str) -> str:
    """The argument of a parameter."""
    return name.replace("_", "-")


def others_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs that are not the layer's own: the user names another layer, or a channel, for each."""
    return [one for one in data["inputs"] if one["from"] in ("drawable", "channel")]


def masks(outputs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The outputs that can be a mask; of several the user chooses."""
    return [one for one in outputs if one["kind"] == "alpha"]


def pictures(outputs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The outputs that can be a new layer, what has transparency first; of several the user chooses. A foreground is a result of its own."""
    found = [one for one in outputs if one["kind"] in ("cutout", "image") and one["name"] != "foreground"]
    return sorted(found, key=lambda one: one["kind"] != "cutout")


def declare(procedure: Gimp.Procedure, data: dict[str, Any]) -> None:
    """Give `procedure` the arguments of `data`: how to use the result, then the operation's parameters."""
    others = others_of(data)
    parts, shown = ({one["name"]: (_(one["title"]), _(one["help"])) for one in found(data["outputs"])} for found in (masks, pictures))
    named = [("result", _("Result"), "")] if len(data["results"]) > 1 else []
    named += [("mask", _("Mask"), "")] if len(parts) > 1 else []
    named += [("picture", _("Picture"), "")] if len(shown) > 1 else []
    named += [("existing", _("If there is a mask"), "")] if "layer-mask" in data["results"] else []
    named += [(one["name"], _(one["title"]), f" ({one['unit']})" if one.get("unit") else "") for one in [*others, *data["parameters"]]]
    labels = dict(zip((name for name, *_rest in named), with_mnemonics([(title, unit) for _name, title, unit in named]), strict=True))
    if len(data["results"]) > 1:
        chosen = {name: _results()[name] for name in data["results"]}
        _declare_choice(procedure, "result", labels["result"], _("What becomes of the result."), chosen, data["results"][0])
    if "layer-mask" in data["results"]:
        # who hands in a mask wants that very mask made better
        default = "replace" if any(one["from"] == "mask" for one in data["inputs"]) else "new-layer"
        _declare_choice(procedure, "existing", labels["existing"], _("What becomes of a mask the layer already has."), _existing(), default)
    if len(parts) > 1:
        _declare_choice(procedure, "mask", labels["mask"], _("Which of the masks it finds."), parts, next(iter(parts)))
    if len(shown) > 1:
        _declare_choice(procedure, "picture", labels["picture"], _("What a new layer shows."), shown, next(iter(shown)))
    for one in others:
        add = procedure.add_drawable_argument if one["from"] == "drawable" else procedure.add_channel_argument
        add(argument(one["name"]), labels[one["name"]], _(one["help"]), one["optional"], FLAGS)
    for parameter in data["parameters"]:
        _declare_parameter(procedure, parameter, labels[parameter["name"]])


def _declare_choice(procedure: Gimp.Procedure, name: str, label: str, text: str, options: dict[str, tuple[str, str]], default: str) -> None:
    choice = Gimp.Choice.new()
    for index, (nick, (title, tip)) in enumerate(options.items()):
        choice.add(nick, index, title, tip)
    procedure.add_choice_argument(name, label, text, choice, default, FLAGS)


def _declare_parameter(procedure: Gimp.Procedure, parameter: dict[str, Any], label: str) -> None:
    name, text, default, kind = argument(parameter["name"]), _(parameter["help"]), parameter["default"], parameter["kind"]
    if kind == "number":
        procedure.add_double_argument(name, label, text, parameter["low"], parameter["high"], default, FLAGS)
    elif kind == "integer":
        procedure.add_int_argument(name, label, text, parameter["low"], parameter["high"], default, FLAGS)
    elif kind == "switch":
        procedure.add_boolean_argument(name, label, text, default, FLAGS)
    elif kind == "choice":
        options = {one["id"]: (_(one["title"]), _(one.get("help", ""))) for one in parameter["options"]}
        _declare_choice(procedure, name, label, text, options, default)
    elif kind == "colour":
        Babl.init()  # GIMP does it only for a procedure that runs, and without it a colour ends the process
        procedure.add_color_argument(name, label, text, False, Gegl.Color.new(default), FLAGS)
    else:
        raise AssertionError(f"no case for {kind}")


def values(config: Gimp.ProcedureConfig, data: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the worker takes them."""
    return {one["name"]: _value(config.get_property(argument(one["name"])), one) for one in data["parameters"]}


def _value(value: Any, parameter: dict[str, Any]) -> Any:
    if parameter["kind"] != "colour":
        return value
    if value is None or value.get_rgba().alpha == 0.0:  # GIMP 3.0 tells scripts no default of a colour; one that does not set it sends transparent black
        return parameter["default"]
    return "#" + value.get_bytes(Babl.format("R'G'B' u8")).get_data().hex()
