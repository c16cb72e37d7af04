"""Makes what the plug-in carries of the core: its operations, the texts it shows, and the worker's client.

    python -m u2studio.gimp_plugin.generate            write them
    python -m u2studio.gimp_plugin.generate --check    say which are stale, and fail when one is

operations.json                        what the specification says, arranged as GIMP procedures
locale/zh_CN/LC_MESSAGES/u2studio.po   the texts of this plug-in, from the one catalogue
u2gimp/{protocol,places,client}.py     byte copies from shared_core/worker, for the plug-in's own Python has nothing of ours
"""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from u2studio import __version__
from u2studio.shared_core import operations
from u2studio.shared_core.models.cards import cards
from u2studio.shared_core.spec import Choice, Colour, Integer, ModelChoice, Number, Operation, Parameter, Switch
from u2studio.shared_core.spec.parameters import unreachable
from u2studio.shared_core.texts import LANGUAGES, catalogue

PLUGIN = Path(__file__).resolve().parent / "u2studio"
WORKER = Path(__file__).resolve().parents[1] / "shared_core" / "worker"
COPIES = ("protocol.py", "places.py", "client.py")

MENU = "<Image>/Filters/u2studio"
MASK_MENU = "<Image>/Layer/Mask/[Modify]"
SELECT_MENU = "<Image>/Select"
LEFT_OUT = {"keep_transparency", "steady"}
"""parameters without a use in GIMP, where what is transparent in a layer stays so by itself, and layers are no film"""
SHOWN_FIRST = {"portrait": ("face", "engine", "line_weight", "hatching", "ink_colour")}
"""operation → parameters a dialog begins with, where those of the specification would fill it with rarer ones"""


def _(text: str) -> str:
    """Mark a text for the catalogue."""
    return text


LABELS = {"matte": _("Matting"), "portrait": _("Portrait Drawing"), "line_drawing": _("Line Drawing")}
"""operation → what its menu entry is called, where that is not its title"""


def main() -> int:
    """Write or check; returns the exit status."""
    stale = [path for path, content in generated().items() if not path.exists() or path.read_bytes() != content]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"stale: {path.relative_to(PLUGIN.parents[1])}; run: python -m u2studio.gimp_plugin.generate", file=sys.stderr)  # noqa: T201
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(generated()[path])
    return 0


def generated() -> dict[Path, bytes]:
    """Every generated file and what it must hold."""
    table = {"version": __version__, "procedures": procedures()}
    files = {PLUGIN / "u2gimp" / name: (WORKER / name).read_bytes() for name in COPIES}
    files[PLUGIN / "operations.json"] = (json.dumps(table, ensure_ascii=False, indent=1) + "\n").encode()
    for language in LANGUAGES[1:]:
        files[PLUGIN / "locale" / language / "LC_MESSAGES" / "u2studio.po"] = _po(language, _texts(table)).encode()
    return files


def procedures() -> list[dict[str, Any]]:
    """One procedure for each operation GIMP can feed, and one more each for its mask and its selection where it makes them."""
    made = []
    for operation in operations():
        inputs, results = _inputs(operation), _results(operation)
        if not inputs or not results:
            continue
        name = f"plug-in-u2studio-{operation.id.replace('_', '-')}"
        shared = {
            "operation": operation.id, "title": LABELS.get(operation.id, operation.title), "blurb": operation.summary, "inputs": inputs,
            "outputs": [{"name": one.name, "kind": one.kind, "title": one.title, "help": one.help} for one in operation.outputs],
            "parameters": [parameter_data(one) for one in _in_order(operation) if one.name not in LEFT_OUT],
        }  # fmt: skip
        made.append({"name": name, "label": _("{title}…"), "menu": MENU, "results": results, **shared})
        if "layer-mask" in results:
            takes_mask = any(one["from"] == "mask" for one in inputs)
            labels = [_("{title}…")] * 2 if takes_mask else [_("{title} as Mask…"), _("{title} as Selection…")]
            made.append({"name": f"{name}-mask", "label": labels[0], "menu": MASK_MENU, "results": ["layer-mask"], **shared})
            made.append({"name": f"{name}-selection", "label": labels[1], "menu": SELECT_MENU, "results": ["selection"], **shared})
    return made


def _in_order(operation: Operation) -> list[Parameter]:
    first = SHOWN_FIRST.get(operation.id, ())
    return sorted(operation.parameters, key=lambda one: first.index(one.name) if one.name in first else len(first))


def _inputs(operation: Operation) -> list[dict[str, Any]]:
    """What each input is in GIMP: the layer, its mask, or another drawable or channel, which the user names.

    Empty where the layer is not asked for, and where faces are: GIMP has nothing that could hold them.
    """
    if any(one.kind == "faces" for one in operation.inputs):
        return []
    found: list[dict[str, Any]] = []
    for one in operation.inputs:
        first, further = {"image": ("layer", "drawable"), "cutout": ("layer", "drawable"), "alpha": ("mask", "channel")}.get(one.kind, ("channel", "channel"))
        source = further if any(other["from"] == first for other in found) else first
        found.append({"name": one.name, "kind": one.kind, "from": source, "optional": one.optional, "title": one.title, "help": one.help})
    return found if any(one["from"] in ("layer", "mask") for one in found) else []


def _results(operation: Operation) -> list[str]:
    """What GIMP can make of the outputs, the default first. The first output is what an operation is for; none of another size: GIMP crops itself."""
    outputs = [one for one in operation.outputs if not one.any_size]
    kinds = {one.kind for one in outputs}
    colours = kinds & {"image", "cutout"}
    if not outputs or operation.outputs[0].any_size or operation.outputs[0].kind == "faces":
        return []
    if outputs[0].kind == "alpha":
        foreground = ["foreground"] if "foreground" in {one.name for one in outputs} else []
        return ["layer-mask", *(["new-layer"] if colours else []), "selection", "channel", "trimap", *foreground]
    if outputs[0].kind in ("image", "cutout"):
        return ["new-layer", *(["in-place"] if outputs[0].kind == "image" else []), *(["channel"] if "map" in kinds else [])]
    return ["trimap"] if outputs[0].kind == "trimap" else ["channel"]


def parameter_data(parameter: Parameter) -> dict[str, Any]:
    """A parameter as the plug-in reads it: its fields, its kind, and for models the choice there is."""
    data = asdict(parameter)
    match parameter:
        case Number() | Integer() | Switch() | Choice() | Colour():
            data["kind"] = type(parameter).__name__.lower()
        case ModelChoice():
            data["kind"] = "choice"
            data["options"] = [{"id": one.id, "title": one.title, "help": one.summary} for one in cards(data.pop("task"))]
        case _:
            return unreachable(parameter)
    return data


def _texts(table: dict[str, Any]) -> set[str]:
    """Every English text the plug-in can show by itself; what the worker says comes translated."""
    found = set(_fields(table))
    for path in sorted((PLUGIN / "u2gimp").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in ("_", "WorkerError", "notice"):
                branches = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else [node.args[0]]
                found |= {one.value for one in branches if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {text for text in found if re.search("[A-Za-z]{2}", re.sub(r"\{[^}]*\}", "", text))}


def _fields(value: object) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in _fields(one)]
    if not isinstance(value, dict):
        return []
    own = [text for key, text in value.items() if key in ("title", "help", "label", "blurb") and isinstance(text, str)]
    return own + [text for one in value.values() for text in _fields(one)]


def _po(language: str, texts: set[str]) -> str:
    known = catalogue(language)
    lines = ["# Generated by gimp_plugin/generate.py from shared_core/texts; edit those.", 'msgid ""', 'msgstr ""']
    lines += [f'"Language: {language}\\n"', '"Content-Type: text/plain; charset=UTF-8\\n"', ""]
    for text in sorted(texts & set(known)):
        lines += [f"msgid {_quoted(text)}", f"msgstr {_quoted(known[text])}", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    sys.exit(main())
