"""A head drawn on a layer that lies off the canvas's corner: the ink over it, the drawing on paper, the lines as a channel."""

from __future__ import annotations

from gi.repository import Gegl, Gimp, Gio
from pictures import KEPT, PHOTO, done, good, own_pixels, pixels, refused

LEFT, TOP = 37, -19

loaded = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(PHOTO))
image = loaded.duplicate()  # a file loaded by a script has no undo
loaded.delete()
layer = image.get_layers()[0]
layer.set_name("head")
image.resize(600, 500, LEFT, TOP)
assert layer.get_offsets()[1:] == (LEFT, TOP)
before = own_pixels(layer)
(KEPT / "portrait.layer").write_bytes(pixels(layer, "R'G'B' u8"))

for picture in ("ink", "drawing", "composite"):
    done("portrait", image, [layer], face="largest", **({} if picture == "ink" else {"picture": picture}))
    made = image.get_layers()[0]
    assert made.get_offsets()[1:] == (LEFT, TOP)
    assert (made.get_width(), made.get_height()) == (layer.get_width(), layer.get_height())
    (KEPT / f"portrait.{picture}").write_bytes(pixels(made, "R'G'B'A u8"))
    image.remove_layer(made)
    assert own_pixels(layer) == before
good("portrait: ink, drawing and composite lie where the layer lies")

done("portrait", image, [layer], face="largest", result="channel")
channel = image.get_channels()[0]
area = Gegl.Rectangle.new(LEFT, 0, layer.get_width(), layer.get_height() + TOP)
(KEPT / "portrait.lines").write_bytes(channel.get_buffer().get(area, 1.0, "Y' u8", Gegl.AbyssPolicy.NONE))
image.remove_channel(channel)
good("portrait: the lines as a channel")

image.set_selected_layers([layer])
blank = Gimp.Layer.new(image, "blank", 64, 64, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(blank, None, 0)
refused("no face", "portrait", image, [blank])
done("portrait", image, [blank], no_face="whole")
good("portrait: a layer without a face is refused with what to do, or drawn as a whole")
