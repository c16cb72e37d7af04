"""Every kind of result on every kind of image, with a layer that reaches over the canvas."""

from __future__ import annotations

import json
import struct

from gi.repository import Gegl, Gimp
from pictures import KEPT, LEFT, TOP, done, everything, good, own_pixels, photo, pixels, refused

KINDS = [
    ("rgb", "u8-non-linear", False), ("rgb", "u8-non-linear", True), ("rgb", "u8-linear", False), ("rgb", "u16-non-linear", True),
    ("rgb", "half-non-linear", False), ("rgb", "float-linear", True), ("rgb", "float-non-linear", False), ("rgb", "double-linear", False),
    ("gray", "u8-non-linear", False), ("gray", "u16-linear", True), ("gray", "float-linear", False), ("indexed", "u8-non-linear", False),
]  # fmt: skip
CASES = []


def keep(name: str, **planes: bytes) -> None:
    """Leave planes for the test outside, which compares them with the core's."""
    for key, data in planes.items():
        (KEPT / f"{name}.{key}").write_bytes(data)
    CASES.append(name)


for kind, precision, alpha in KINDS:
    name = f"{kind}-{precision}{'-alpha' if alpha else ''}"
    eight = precision.startswith("u8")
    image, layer = photo(kind, precision, alpha=alpha)
    before = own_pixels(layer)
    seen = pixels(layer, f"R'G'B'{'A' if alpha else ''} {'u8' if precision == 'u8-non-linear' else 'u16'}")

    # colours of float images travel as floats
    given = pixels(layer, f"R'G'B'{'A' if alpha else ''} float") if precision.startswith(("half", "float", "double")) else seen

    done("matte", image, [layer])
    mask = layer.get_mask()
    assert (mask.get_width(), mask.get_height()) == (192, 192)
    assert not layer.get_edit_mask()
    assert own_pixels(layer) == before
    keep(name, picture=seen, mask=pixels(mask, "Y u8"))
    if not eight:
        assert len(set(struct.unpack(f"{192 * 192}H", pixels(mask, "Y u16")))) > 300, "a mask of a 16-bit image keeps no more than 8 bits"
    parasite = json.loads(bytes(mask.get_parasite("u2studio").get_data()))
    assert parasite["operation"] == "matte"
    assert "u2netp" in parasite["models"]
    alpha_values = pixels(mask, "Y u16")
    layer.remove_mask(Gimp.MaskApplyMode.DISCARD)

    done("matte", image, [layer], result="selection")
    area = Gegl.Rectangle.new(LEFT, TOP, 192, 192)
    selected = image.get_selection().get_buffer().get(area, 1.0, "Y u16", Gegl.AbyssPolicy.NONE)
    opaque = struct.unpack(f"{4 * 36864}H", pixels(layer, "R'G'B'A u16"))[3::4]  # what is transparent is not selected
    pairs = zip(struct.unpack("36864H", selected), map(min, struct.unpack("36864H", alpha_values), opaque), strict=True)
    on_canvas = [(a, b) for at, (a, b) in enumerate(pairs) if at // 192 + TOP >= 0 and at % 192 + LEFT < 240]
    far = max(abs(a - b) for a, b in on_canvas)
    assert far <= (257 if eight else 1), far
    assert image.get_channels() == []
    Gimp.Selection.none(image)

    done("matte", image, [layer], result="channel")
    channel = image.get_channels()[0]
    assert channel.get_name() == "photo – Matting"
    assert image.get_selected_drawables() == [layer]
    assert Gimp.Selection.is_empty(image)
    image.select_item(Gimp.ChannelOps.REPLACE, channel)
    again = image.get_selection().get_buffer().get(area, 1.0, "Y u16", Gegl.AbyssPolicy.NONE)
    assert again == selected, "a channel made into a selection is not the selection"
    Gimp.Selection.none(image)

    done("matte", image, [layer], result="trimap")
    trimap = image.get_channels()[0]
    values = set(pixels(trimap, "Y' u8" if precision == "u8-non-linear" else "Y u8"))
    assert values in ({0, 127, 255}, {0, 128, 255}), values

    if kind == "indexed":
        for result in ("new-layer", "foreground"):
            refused("palette", "matte", image, [layer], result=result)
    if kind == "indexed" or precision in ("half-non-linear", "float-non-linear", "double-linear", "u16-linear"):
        good(f"{name}: mask, selection, channel, trimap")
        image.delete()
        continue
    done("matte", image, [layer], result="new-layer")
    made = image.get_layers()[0]
    assert made.get_name() == "photo – Matting"
    assert made.get_offsets()[1:] == (LEFT, TOP)
    assert image.get_layers()[1] == layer
    keep(f"{name}-cutout", picture=given, cutout=pixels(made, "R'G'B'A float"))
    image.remove_layer(made)
    done("matte", image, [layer], result="foreground")
    made = image.get_layers()[0]
    keep(f"{name}-foreground", picture=given, foreground=pixels(made, "R'G'B' float"), mask=pixels(made.get_mask(), "Y u8"))
    assert own_pixels(layer) == before
    good(f"{name}: mask, selection, channel, trimap, new layer, foreground colours")
    image.delete()

(KEPT / "cases.json").write_text(json.dumps(CASES))

image, layer = photo()
done("matte", image, [layer], result="trimap")
trimap = image.get_channels()[0]
assert layer.foreground_extract(Gimp.ForegroundExtractMode.MATTING, trimap), "GIMP's foreground selection refused our trimap"
assert not Gimp.Selection.is_empty(image)
good("GIMP's own foreground selection takes the trimap channel")

for name, expected in (("matte-mask", 1), ("matte-selection", 0)):
    image, layer = photo()
    before = everything(image)
    done(name, image, [layer])
    assert (layer.get_mask() is not None) == bool(expected)
    assert Gimp.Selection.is_empty(image) == bool(expected)
    assert everything(image) != before
good("the entries under Layer › Mask and Select")

for value in (-1.0, 1e6):
    image, layer = photo()
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-u2studio-matte")
    config = procedure.create_config()
    before = config.get_property("edge-width")
    config.set_property("edge-width", value)
    assert config.get_property("edge-width") == before
good("a value out of range is not taken")
