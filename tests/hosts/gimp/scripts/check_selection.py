"""Inside the selection only; existing masks; and which drawables are taken or refused."""

from __future__ import annotations

import struct

from gi.repository import Gegl, Gimp
from pictures import LEFT, TOP, done, everything, good, own_pixels, photo, pixels, refused

SIDE = 192
HALF = SIDE // 2


def rows(data: bytes, first: int, last: int, width: int) -> bytes:
    """Some rows of a plane."""
    return data[first * width : last * width]


def upper_half_selected(image) -> None:
    """The selection's edge lies between two rows of the layer."""
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 240, TOP + HALF)


# a new mask: outside it hides nothing, inside it is what it is without a selection
for precision in ("u8-non-linear", "u16-linear", "float-non-linear"):
    image, layer = photo("rgb", precision)
    done("matte", image, [layer])
    whole = pixels(layer.get_mask(), "Y u16")
    layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    upper_half_selected(image)
    selection = own_pixels(image.get_selection())
    done("matte", image, [layer])
    part = pixels(layer.get_mask(), "Y u16")
    for row in range(-TOP, HALF):
        assert rows(part, row, row + 1, 2 * SIDE)[: 2 * (240 - LEFT)] == rows(whole, row, row + 1, 2 * SIDE)[: 2 * (240 - LEFT)]
    assert set(rows(part, HALF, SIDE, 2 * SIDE)) == {255}, "outside the selection the layer is hidden"
    assert own_pixels(image.get_selection()) == selection

    # an existing one: outside bit-identical, whatever is done with it
    for existing in ("replace", "combine"):
        kept = own_pixels(layer.get_mask())
        noise = bytes((7 * index) % 256 for index in range(SIDE * SIDE))
        layer.get_mask().get_buffer().set(Gegl.Rectangle.new(0, 0, SIDE, SIDE), "Y u8", noise)
        before = own_pixels(layer.get_mask())
        size = len(before) // (SIDE * SIDE)
        done("matte", image, [layer], existing=existing)
        after = own_pixels(layer.get_mask())
        assert rows(after, HALF, SIDE, size * SIDE) == rows(before, HALF, SIDE, size * SIDE), existing
        new, alpha = (struct.unpack(f"{SIDE * SIDE}H", data) for data in (pixels(layer.get_mask(), "Y u16"), whole))
        tolerance = 257 if precision.startswith("u8") else 2
        for row in range(-TOP, HALF):
            for column in range(0, 240 - LEFT, 5):
                at = row * SIDE + column
                expected = alpha[at] if existing == "replace" else min(alpha[at], 257 * noise[at])
                assert abs(new[at] - expected) <= tolerance, (existing, row, column, new[at], expected)
    layer_pixels, mask_pixels = own_pixels(layer), own_pixels(layer.get_mask())
    done("matte", image, [layer])  # the default of scripts: the old mask is kept
    assert (own_pixels(layer), own_pixels(layer.get_mask())) == (layer_pixels, mask_pixels)
    copy = image.get_layers()[0]
    assert copy.get_name() == "photo – Matting"
    assert copy.get_offsets()[1:] == (LEFT, TOP)
    assert set(rows(pixels(copy.get_mask()), HALF, SIDE, SIDE)) == {255}
    good(f"{precision}: masks and the selection; replace, combine, keep")
    image.delete()

# new pixels: a layer above is empty outside, this layer is bit-identical there, a soft selection blends
for precision, alpha in (("u8-non-linear", True), ("u16-non-linear", False), ("float-linear", True)):
    image, layer = photo("rgb", precision, alpha=alpha)
    upper_half_selected(image)
    done("matte", image, [layer], result="new-layer")
    made = image.get_layers()[0]
    assert not any(rows(pixels(made, "R'G'B'A u8")[3::4], HALF, SIDE, SIDE))
    image.remove_layer(made)
    done("matte", image, [layer], result="channel")
    width = image.get_width()
    assert not any(rows(pixels(image.get_channels()[0]), TOP + HALF, 200, width))
    image.remove_channel(image.get_channels()[0])
    Gimp.Selection.none(image)
    done("matte", image, [layer])
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 240, TOP + HALF)
    before = own_pixels(layer)
    size = len(before) // (SIDE * SIDE)
    before_alpha = pixels(layer, "R'G'B'A float")[12::16]
    done("estimate-foreground", image, [layer], result="in-place")
    after = own_pixels(layer)
    assert rows(after, HALF, SIDE, size * SIDE) == rows(before, HALF, SIDE, size * SIDE), "outside the selection pixels changed"
    assert rows(after, -TOP, HALF, size * SIDE) != rows(before, -TOP, HALF, size * SIDE), "inside the selection nothing changed"
    assert pixels(layer, "R'G'B'A float")[12::16] == before_alpha, "transparency changed"
    assert not layer.get_lock_alpha()
    good(f"{precision}: new pixels and the selection")
    image.delete()

# the selection result stays inside what was selected
image, layer = photo()
upper_half_selected(image)
done("matte", image, [layer], result="selection")
assert not any(rows(pixels(image.get_selection()), TOP + HALF, 200, 240))
good("the selection as a result stays inside the old one")

# no common pixel: nothing is done, and that is no failure
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, LEFT - 2, 30)
before = everything(image)
done("matte", image, [layer])
assert everything(image) == before
good("a selection beside the layer: nothing is done")

# a mask or a selection as what is handed in
image, layer = photo()
refused("has no mask", "refine-alpha", image, [layer])
image.select_ellipse(Gimp.ChannelOps.REPLACE, LEFT + 40, 0, 100, 150)
image.get_selection()
before = own_pixels(image.get_selection())
done("refine-alpha", image, [layer])
assert own_pixels(image.get_selection()) == before, "the selection was not put back"
refined = pixels(layer.get_mask())
assert 0 < sum(refined) < 255 * len(refined)
assert image.get_channels() == []
Gimp.Selection.none(image)
done("refine-alpha", image, [layer], edge_width=40.0)
assert pixels(layer.get_mask()) != refined
done("trimap", image, [layer])
assert image.get_channels()[0].get_name() == "photo – trimap"
done("estimate-foreground", image, [layer])
good("a mask, or a selection, as what is handed in")
