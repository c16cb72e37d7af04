"""The pages that ComfyUI shows for a node's question mark, one for each node and language."""

from __future__ import annotations

from ...shared_core.spec import Choice, Colour, Integer, ModelChoice, Number, Switch
from ...shared_core.spec.parameters import unreachable
from ...shared_core.texts import translate
from ..description import FolderChoice, Node, Setting, Slot, Widget, all_nodes
from ..wording import _
from .translations import LANGUAGES

__all__ = ["FOLDER", "files", "picture_path"]

FOLDER = "u2net_nodes/web/docs"

INPUTS, SETTINGS, OUTPUTS = _("Inputs"), _("Settings"), _("Outputs")
DEFAULT, OPTIONAL, ON, OFF, MODELS = _("Default"), _("optional"), _("on"), _("off"), _("the models there are")
FOLDERS = _("the folders there are")


def files() -> dict[str, str]:
    """Path from the repository's root → text."""
    return {f"{FOLDER}/{node.id}/{folder}.md": _page(node, language) for node in all_nodes() for folder, language in LANGUAGES.items()}


def picture_path(node: Node) -> str:
    """Where a node's picture lies, from the folder of the pages, which is what their links are relative to."""
    return f"{node.id}/picture.jpg"


def _page(node: Node, language: str) -> str:
    parts = [f"# {node.title.text(language)}", node.summary.text(language), f"![{node.title.text(language)}]({picture_path(node)})"]
    for heading, entries in ((INPUTS, node.slots), (SETTINGS, node.widgets), (OUTPUTS, node.outputs)):
        if entries:
            parts += [f"## {translate(heading, language)}", "\n".join(_entry(one, language) for one in entries)]
    return "\n\n".join(parts) + "\n"


def _entry(one: Slot | Widget, language: str) -> str:
    """A list, not a table: the panel that shows it is narrow."""
    if isinstance(one, Slot):
        facts = [f"`{one.type}`", *([translate(OPTIONAL, language)] if one.optional else [])]
    else:
        facts = [_range(one.parameter, language)]
        if default := _default(one.parameter, language):
            facts.append(f"{translate(DEFAULT, language)} {default}")
    return " · ".join([f"- **{one.title.text(language)}**", *facts]) + f"<br>{one.tooltip.text(language)}"


def _range(parameter: Setting, language: str) -> str:
    match parameter:
        case Number(low=low, high=high) | Integer(low=low, high=high):
            return f"{low:g} – {high:g}"
        case Choice(options=options):
            return ", ".join(f"`{one.id}`" for one in options)
        case Switch():
            return f"{translate(ON, language)}, {translate(OFF, language)}"
        case Colour():
            return "`#rrggbb`"
        case ModelChoice():
            return translate(MODELS, language)
        case FolderChoice():
            return translate(FOLDERS, language)
        case _:
            return unreachable(parameter)


def _default(parameter: Setting, language: str) -> str:
    match parameter:
        case Number(default=number) | Integer(default=number):
            return f"{number:g}"
        case Switch(default=is_on):
            return translate(ON if is_on else OFF, language)
        case Choice(default=text) | Colour(default=text) | ModelChoice(default=text):
            return f"`{text}`"
        case FolderChoice():
            return ""
        case _:
            return unreachable(parameter)
