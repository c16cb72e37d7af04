"""What an operation takes beside the layer: another layer, a channel, the selection."""

from __future__ import annotations

from gi.repository import Gegl, Gimp
from pictures import LEFT, TOP, done, good, own_pixels, photo, pixels

SIDE = 192


def masked():
    """The photo with a mask: its left half is kept."""
    image, layer = photo()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, LEFT, 0, SIDE // 2, 200)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    layer.get_mask().get_buffer().set(Gegl.Rectangle.new(0, 0, SIDE, SIDE), "Y u8", (b"\xff" * (SIDE // 2) + bytes(SIDE // 2)) * SIDE)
    layer.set_edit_mask(False)
    Gimp.Selection.none(image)
    return image, layer


def corners(drawable) -> tuple[bytes, bytes]:
    """Two pixels far from the mask's edge: one that is kept, one that is not."""
    data, row = pixels(drawable, "R'G'B' u8"), 100 * SIDE * 3
    return data[row + 30 : row + 33], data[row + 3 * 180 : row + 3 * 181]


# the background: none, another layer of this image, a layer of another image
image, layer = masked()
kept, _removed = corners(layer)
green = Gimp.Layer.new(image, "green", 50, 30, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(green, None, 1)
green.get_buffer().set(Gegl.Rectangle.new(0, 0, 50, 30), "R'G'B' u8", bytes((20, 200, 40)) * 1500)
elsewhere, blue = photo()
blue.get_buffer().set(Gegl.Rectangle.new(0, 0, SIDE, SIDE), "R'G'B' u8", bytes((10, 30, 220)) * (SIDE * SIDE))
for background, colour in ((None, (255, 255, 255)), (green, (20, 200, 40)), (blue, (10, 30, 220))):
    done("composite", image, [layer], **({"background": background} if background else {}))
    made = image.get_layers()[0]
    assert made.get_name() == "photo – Composite over Background"
    assert made.get_offsets()[1:] == (LEFT, TOP)
    assert corners(made) == (kept, bytes(colour)), (corners(made), kept, colour)
    image.remove_layer(made)
red = Gegl.Color.new("#ff0000")
done("composite", image, [layer], colour=red)
assert corners(image.get_layers()[0])[1] == bytes((255, 0, 0))
good("a background: white by default, a colour, another layer of any size, a layer of another image")

# a trimap: what the channel says is known stays so, wherever the layer lies on the canvas
image, layer = masked()
trimap = Gimp.Channel.new(image, "trimap", 240, 200, 50.0, Gegl.Color.new("black"))
image.insert_channel(trimap, None, 0)
trimap.get_buffer().set(Gegl.Rectangle.new(LEFT + 10, 20, 30, 30), "Y' u8", b"\xff" * 900)
done("refine-alpha", image, [layer], trimap=trimap)
expected = bytearray(SIDE * SIDE)
for line in range(20 - TOP, 50 - TOP):
    expected[line * SIDE + 10 : line * SIDE + 40] = b"\xff" * 30
assert pixels(layer.get_mask()) == bytes(expected)
good("a trimap from a channel")

# under Select it is the selection that is made better, the layer's mask is left alone; elsewhere the mask is
image, layer = masked()
mask = own_pixels(layer.get_mask())
image.select_rectangle(Gimp.ChannelOps.REPLACE, LEFT + 20, 30, 40, 40)
done("clean-up-selection", image, [layer], grow=5.0)
assert own_pixels(layer.get_mask()) == mask
found, x1, y1, x2, y2 = Gimp.Selection.bounds(image)[1:]
assert found
assert (x1, y1, x2, y2) == (LEFT + 15, 25, LEFT + 65, 75), (x1, y1, x2, y2)
Gimp.Selection.none(image)
done("clean-up-mask", image, [layer], grow=5.0)
row = pixels(layer.get_mask())[100 * SIDE : 101 * SIDE]
assert row[: SIDE // 2 + 4] == b"\xff" * (SIDE // 2 + 4)
assert not any(row[SIDE // 2 + 7 :])
good("a mask under Layer › Mask, the selection under Select")
