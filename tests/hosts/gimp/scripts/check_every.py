"""Every procedure on every kind of image, with a layer that reaches over the canvas; and every result of it inside a selection."""

from __future__ import annotations

import json
from pathlib import Path

from gi.repository import Gegl, Gimp
from pictures import KEPT, LEFT, TOP, asked_for, done, good, own_pixels, photo, pixels, refused, worker

SIDE = 192
HALF = SIDE // 2
KINDS = [
    ("rgb", "u8-non-linear", False), ("rgb", "u8-non-linear", True), ("gray", "u8-non-linear", False), ("indexed", "u8-non-linear", False),
    ("rgb", "u16-non-linear", False), ("rgb", "float-linear", False),
]  # fmt: skip
COLOURS = ("new-layer", "in-place", "foreground")
PROCEDURES = json.loads((Path(Gimp.directory()) / "plug-ins/u2studio/operations.json").read_text(encoding="utf-8"))["procedures"]
EVERY = [one for one in PROCEDURES if one["menu"] == "<Image>/Filters/u2studio"]
CASES = []


def given(kind: str = "rgb", precision: str = "u8-non-linear", *, alpha: bool = False, masked: bool = True):
    """The photo, and on it a mask as a procedure would take it."""
    image, layer = photo(kind, precision, alpha=alpha)
    if masked:
        image.select_ellipse(Gimp.ChannelOps.REPLACE, LEFT + 20, TOP + 25, 150, 160)
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
        layer.set_edit_mask(False)
        Gimp.Selection.none(image)
    return image, layer


def takes_mask(data: dict) -> bool:
    return any(one["from"] == "mask" for one in data["inputs"])


def found(image, layer, result: str):
    """What a call left: the drawable."""
    if result == "layer-mask":
        return layer.get_mask()
    if result in ("channel", "trimap"):
        return image.get_channels()[0]
    if result == "selection":
        return image.get_selection()
    return layer if result == "in-place" else image.get_layers()[0]


def says_how(drawable, operation: str) -> None:
    said = json.loads(bytes(drawable.get_parasite("u2studio").get_data()))
    assert said["operation"] == operation, said
    assert "parameters" in said


def keep(name: str, data: dict, image, layer, precision: str, alpha: bool, sent: dict[str, bytes], result: str) -> None:
    """Leave what went in and what came out for the test outside, which compares it with the core's."""
    drawable = found(image, layer, result)
    if result == "new-layer":
        form = "R'G'B'A float"
    elif result == "trimap":
        form = "Y' float" if precision == "u8-non-linear" else "Y float"
    else:
        form = "Y float"
    if result in ("trimap", "channel", "selection"):  # of the canvas
        plane = drawable.get_buffer().get(Gegl.Rectangle.new(LEFT, TOP, SIDE, SIDE), 1.0, form, Gegl.AbyssPolicy.NONE)
    else:
        plane = pixels(drawable, form)
    for key, one in {**sent, "made": plane}.items():
        (KEPT / f"{name}.{key}").write_bytes(one)
    gray = image.get_base_type() == Gimp.ImageBaseType.GRAY
    other = asked_for(data, layer)
    inputs = {one["name"]: "layer" if one["name"] in other else one["from"] for one in data["inputs"] if one["name"] in other or one["from"] in sent}
    CASES.append({
        "name": name, "operation": data["operation"], "result": result, "alpha": alpha, "gray": gray, "inputs": inputs,
        "outputs": {one["name"]: one["kind"] for one in data["outputs"]},
    })  # fmt: skip


image, layer = given()
done("matte", image, [layer], result="selection")  # starts the worker
here = json.loads(worker("--status").stdout)["models"]
for data in EVERY.copy():
    default = next((one["default"] for one in data["parameters"] if one["name"] == "model"), None)
    if default and default not in here:
        refused("u2studio models pull", data["name"].removeprefix("plug-in-u2studio-"), image, [layer])
        good(f"{data['operation']}: refused without a model's file, with what to do")
        EVERY.remove(data)
assert len(EVERY) >= 4

for data in EVERY:
    name = data["name"].removeprefix("plug-in-u2studio-")
    result = data["results"][0]
    for kind, precision, alpha in KINDS:
        image, layer = given(kind, precision, alpha=alpha, masked=takes_mask(data))
        if kind == "indexed" and result in COLOURS:
            refused("palette", name, image, [layer], **asked_for(data, layer))
            continue
        before = own_pixels(layer)
        depth = "u8" if precision == "u8-non-linear" else "float" if result in COLOURS and precision.startswith("float") else "u16"
        sent = {"layer": pixels(layer, f"R'G'B'{'A' if alpha else ''} {depth}")}
        if takes_mask(data):
            sent["mask"] = pixels(layer.get_mask(), "Y u8" if precision.startswith("u8") else "Y u16")
        done(name, image, [layer], **asked_for(data, layer))
        assert own_pixels(layer) == before, "the layer's own pixels changed"
        assert image.get_selected_drawables() == [layer] or result == "new-layer"
        assert Gimp.Selection.is_empty(image)
        made = found(image, layer, result)
        says_how(made, data["operation"])
        if result == "new-layer":
            assert made.get_offsets()[1:] == (LEFT, TOP)
        keep(f"every-{name}-{kind}-{precision}{'-alpha' if alpha else ''}", data, image, layer, precision, alpha, sent, result)
        image.delete()
    good(f"{name}: on every kind of image")

(KEPT / "every.json").write_text(json.dumps(CASES))


def outside(drawable, result: str) -> bytes:
    """The lower half of the photo's place, bit by bit."""
    top = TOP + HALF if result in ("channel", "trimap", "selection") else HALF
    area = Gegl.Rectangle.new(0, top, drawable.get_width(), drawable.get_height() - top)
    return drawable.get_buffer().get(area, 1.0, None, Gegl.AbyssPolicy.NONE)


for data in EVERY:
    name = data["name"].removeprefix("plug-in-u2studio-")
    for result in data["results"]:
        for precision in ("u8-non-linear", *(["float-linear"] if result in ("layer-mask", "new-layer", "in-place") else [])):
            image, layer = given(precision=precision)
            settings = {**({"result": result} if len(data["results"]) > 1 else {}), **asked_for(data, layer)}
            if "layer-mask" in data["results"]:
                settings["existing"] = "replace"
            image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 240, TOP + HALF)
            old, old_mask, old_layers = outside(layer, "in-place"), outside(layer.get_mask(), "layer-mask"), image.get_layers()
            done(name, image, [layer], **settings)
            assert outside(layer, "in-place") == old, f"{name}, {result}: pixels outside the selection changed"
            assert outside(layer.get_mask(), "layer-mask") == old_mask, f"{name}, {result}: the mask changed outside the selection"
            made = found(image, layer, result)
            if result in ("foreground", "new-layer"):
                assert image.get_layers()[1:] == old_layers
                assert not any(pixels(made, "R'G'B'A u8")[3::4][HALF * SIDE :]), f"{name}, {result}: something outside the selection"
            elif result in ("channel", "trimap", "selection"):
                assert not any(outside(made, result)), f"{name}, {result}: something outside the selection"
            if result != "selection":
                says_how(made, data["operation"])
            image.delete()
    good(f"{name}: outside the selection bit-identical, for {', '.join(data['results'])}")
