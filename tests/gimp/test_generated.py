"""What the plug-in carries of the core is fresh, translated and complete, and the plug-in stays thin."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from u2studio.gimp_plugin import generate
from u2studio.shared_core import operations
from u2studio.shared_core.models.cards import cards
from u2studio.shared_core.spec import Input, Operation, Output
from u2studio.shared_core.texts import catalogue

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "gimp_plugin" / "u2studio"
CODE = sorted((PLUGIN / "u2gimp").glob("*.py"))


@pytest.mark.parametrize("path", generate.generated(), ids=lambda path: path.name)
def test_generated_files_are_fresh(path: Path) -> None:
    assert path.read_bytes() == generate.generated()[path], f"{path} is stale; run: python -m u2studio.gimp_plugin.generate"


def test_the_check_mode_fails_on_a_stale_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    assert generate.main() == 0
    fresh = generate.generated()
    monkeypatch.setattr(generate, "generated", lambda: {path: content + b"\n" for path, content in fresh.items()})
    assert generate.main() == 1
    assert "stale: gimp_plugin/u2studio/operations.json" in capsys.readouterr().err


def test_every_text_of_the_plug_in_is_translated() -> None:
    table = json.loads((PLUGIN / "operations.json").read_text(encoding="utf-8"))
    assert not sorted(generate._texts(table) - set(catalogue("zh_CN")))
    po = (PLUGIN / "locale/zh_CN/LC_MESSAGES/u2studio.po").read_text(encoding="utf-8")
    for text in ("Guided filter", "Edge width", "Layer mask", "Select a layer first.", "The worker ended unexpectedly; it is started again."):
        assert f'msgid "{text}"' in po


def test_every_operation_that_keeps_the_layers_size_is_in_the_menu() -> None:
    in_the_menu = {one["operation"] for one in generate.procedures()}
    for operation in operations():
        about_faces = any(one.kind == "faces" for one in (*operation.inputs, operation.outputs[0]))
        assert (operation.id in in_the_menu) == (not operation.outputs[0].any_size and not about_faces), operation.id


def test_masks_are_also_under_layer_mask_and_selections_under_select() -> None:
    menus = {one["name"]: one["menu"] for one in generate.procedures()}
    for one in generate.procedures():
        if one["menu"] == generate.MENU and "layer-mask" in one["results"]:
            assert menus[f"{one['name']}-mask"] == "<Image>/Layer/Mask/[Modify]"
            assert menus[f"{one['name']}-selection"] == "<Image>/Select"


def _operation(inputs: str, outputs: str) -> Operation:
    """Of kinds; a second picture of a kind is optional, and an output in brackets is of any size."""
    kinds = inputs.split()
    given = tuple(Input(name=f"{kind}_{at}", kind=kind, title="", help="", optional=kind in kinds[:at]) for at, kind in enumerate(kinds))  # type: ignore[arg-type]
    made = tuple(Output(name=one, kind=one.strip("()"), title="", help="", any_size=one.startswith("(")) for one in outputs.split())  # type: ignore[arg-type]
    return Operation(id="made_up", family="", title="Made up", summary="", inputs=given, parameters=(), outputs=made)


@pytest.mark.parametrize(("inputs", "outputs", "sources", "results"), [
    ("image", "alpha", ["layer"], ["layer-mask", "selection", "channel", "trimap"]),
    ("image", "alpha image", ["layer"], ["layer-mask", "new-layer", "selection", "channel", "trimap"]),
    ("alpha", "alpha", ["mask"], ["layer-mask", "selection", "channel", "trimap"]),
    ("image alpha", "image cutout", ["layer", "mask"], ["new-layer", "in-place"]),
    ("image alpha", "cutout image alpha", ["layer", "mask"], ["new-layer"]),
    ("cutout", "image", ["layer"], ["new-layer", "in-place"]),
    ("image image", "image", ["layer", "drawable"], ["new-layer", "in-place"]),
    ("image alpha image alpha", "image", ["layer", "mask", "drawable", "channel"], ["new-layer", "in-place"]),
    ("image alpha trimap", "alpha", ["layer", "mask", "channel"], ["layer-mask", "selection", "channel", "trimap"]),
    ("alpha", "trimap", ["mask"], ["trimap"]),
    ("image", "map", ["layer"], ["channel"]),
    ("image", "cutout image map", ["layer"], ["new-layer", "channel"]),
    ("image", "image cutout map", ["layer"], ["new-layer", "in-place", "channel"]),
    ("image", "faces", None, None),
    ("image faces", "image", None, None),
    ("image", "image faces", ["layer"], ["new-layer", "in-place"]),
    ("image", "(image) (alpha)", None, None),
    ("trimap", "alpha", None, None),
])  # fmt: skip
def test_an_operation_to_come_is_a_procedure_by_its_kinds(
    inputs: str, outputs: str, sources: list[str] | None, results: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "operations", lambda: (_operation(inputs, outputs),))
    made = generate.procedures()
    if sources is None:
        assert made == []
        return
    assert [one["from"] for one in made[0]["inputs"]] == sources
    assert made[0]["results"] == results
    assert len(made) == (3 if "layer-mask" in made[0]["results"] else 1)


def test_a_procedure_has_every_parameter_of_its_operation() -> None:
    for operation in operations():
        for procedure in (one for one in generate.procedures() if one["operation"] == operation.id):
            assert {one["name"] for one in procedure["parameters"]} == {one.name for one in operation.parameters} - generate.LEFT_OUT
            names = [one["name"] for one in procedure["parameters"] + [two for two in procedure["inputs"] if two["from"] in ("drawable", "channel")]]
            # beside them GIMP's own arguments and ours
            assert not set(names) & {"run_mode", "image", "drawables", "result", "mask", "existing", "picture"}
            assert len(set(names)) == len(names)


def test_models_are_a_choice_of_the_cards() -> None:
    (matte,) = (one for one in generate.procedures() if one["name"] == "plug-in-u2studio-matte")
    (model,) = (one for one in matte["parameters"] if one["name"] == "model")
    assert [one["id"] for one in model["options"]] == [card.id for card in cards("matting")]


def test_the_entry_is_ten_lines_and_may_be_executed() -> None:
    entry = PLUGIN / "u2studio.py"
    code = [line for line in entry.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= 10
    assert code[0] == "#!/usr/bin/env python3"
    mode = subprocess.run(["git", "ls-files", "-s", str(entry)], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()[0]
    assert mode == "100755"


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_the_plug_in_needs_the_standard_library_and_gi_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{path.name} reaches out of its package"
            names = [] if node.level else [node.module or ""]
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "gi"}, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_the_plug_in_runs_on_the_oldest_python_of_a_gimp(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))


def test_a_query_imports_neither_the_client_nor_a_dialog() -> None:
    """GIMP asks every plug-in at every start; what is imported then is waited for."""
    needed = {"plugin.py"}
    while True:
        found = {f"{node.module}.py" for name in needed for node in ast.parse((PLUGIN / "u2gimp" / name).read_text(encoding="utf-8")).body
                 if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module}  # fmt: skip
        if found <= needed:
            break
        needed |= found
    assert not needed & {"client.py", "protocol.py", "job.py", "dialog.py", "settings.py"}
