"""Several layers, groups, masks, locks, text, filters: taken or refused by name."""

from __future__ import annotations

import struct

from gi.repository import Gegl, Gimp
from pictures import call, done, good, own_pixels, photo, pixels, refused

image, layer = photo()
refused("Select a layer first", "matte", image, [])

# several at once, one of them inside a group
group = Gimp.GroupLayer.new(image, "group")
image.insert_layer(group, None, 0)
second = layer.copy()
second.set_name("second")
image.insert_layer(second, group, 0)
second.set_offsets(-50, 40)
done("matte", image, [layer, second])
assert layer.get_mask() is not None
assert second.get_mask() is not None
assert pixels(layer.get_mask()) == pixels(second.get_mask())
done("matte", image, [second], result="new-layer")
made = group.get_children()[0]
assert made.get_name() == "second – Matting"
assert made.get_offsets()[1:] == (-50, 40)
done("matte", image, [layer, second], result="selection")
assert not Gimp.Selection.is_empty(image)
Gimp.Selection.none(image)
good("several layers, one in a group")

# a group
for one in (made, second):
    image.remove_layer(one)
third = layer.copy()
image.insert_layer(third, group, 0)
third.remove_mask(Gimp.MaskApplyMode.DISCARD)
done("matte", image, [group])
assert group.get_mask() is not None
assert pixels(group.get_mask()) == pixels(layer.get_mask())
done("estimate-foreground", image, [group])
refused("is a layer group", "estimate-foreground", image, [group], result="in-place")
good("a group: masks and new layers, not its own pixels")

# its mask is the active drawable
mask = layer.get_mask()
done("matte", image, [mask], existing="replace")
assert layer.get_mask() == mask
assert not layer.get_edit_mask()
done("matte", image, [mask, layer], existing="replace")
good("a mask as the active drawable means its layer")

# channels, floating selections
channel = Gimp.Channel.new(image, "loose", 240, 200, 50.0, layer.get_buffer() and Gimp.context_get_foreground())
image.insert_channel(channel, None, 0)
refused("'loose' is a channel", "matte", image, [channel])
image, layer = photo()
image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 40, 50, 50)
floating = Gimp.Selection.float(image, [layer], 5, 5)
status, text = call("matte", image, [floating])
assert status != Gimp.PDBStatusType.SUCCESS
assert "floating selection" in text, text
good("channels and floating selections are refused by name")

# locks
image, layer = photo()
done("matte", image, [layer])
layer.set_lock_content(True)
refused("'photo' are locked", "estimate-foreground", image, [layer], result="in-place")
done("estimate-foreground", image, [layer])
done("matte", image, [layer])
layer.set_lock_content(False)
group = Gimp.GroupLayer.new(image, "locked group")
image.insert_layer(group, None, 0)
inner = layer.copy()
image.insert_layer(inner, group, 0)
group.set_lock_content(True)
refused("'locked group' are locked", "estimate-foreground", image, [inner], result="in-place")
good("locked pixels, also by a group, are refused by name")

# text
image, layer = photo()
text_layer = Gimp.TextLayer.new(image, "Agnes", Gimp.context_get_font(), 60.0, Gimp.Unit.pixel())
image.insert_layer(text_layer, None, 0)
done("matte", image, [text_layer])
done("estimate-foreground", image, [text_layer])
refused("is a text layer", "estimate-foreground", image, [text_layer], result="in-place")
assert text_layer.is_text_layer()
good("text layers keep their text")

# filters: what the user sees is what the network sees
image, layer = photo()
done("matte", image, [layer])
plain = pixels(layer.get_mask())
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
blur = Gimp.DrawableFilter.new(layer, "gegl:pixelize", "blocks")
layer.append_filter(blur)
layers = len(image.get_layers())
done("matte", image, [layer])
assert pixels(layer.get_mask()) != plain
assert len(layer.get_filters()) == 1
assert len(image.get_layers()) == layers
good("filters are part of what is seen, and stay")

# a wide gamut comes back as it was, where nothing was to change
image, layer = photo("rgb", "float-non-linear")


bright = struct.pack("3f", 1.3, -0.1, 0.4) * (192 * 192)
layer.get_buffer().set(Gegl.Rectangle.new(0, 0, 192, 192), "R'G'B' float", bright)
layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
done("estimate-foreground", image, [layer], result="in-place")
far = max(abs(a - b) for a, b in zip(struct.unpack("300f", pixels(layer, "R'G'B' float")[:1200]), struct.unpack("300f", bright[:1200]), strict=True))
assert far < 0.005, far
good("colours beyond sRGB are not clipped")

# an image with a profile wider than sRGB: the network sees the same photo, the colours come back in the image's own numbers
image, layer = photo()
done("matte", image, [layer])
plain = pixels(layer.get_mask())
image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True)
done("matte", image, [layer], existing="replace")
apart = [abs(one - other) for one, other in zip(pixels(layer.get_mask()), plain, strict=True)]
assert sum(apart) / len(apart) < 1, sum(apart) / len(apart)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
vivid = struct.pack("3f", -0.3, 0.98, 0.1) * (192 * 192)  # greener than sRGB can be
layer.get_buffer().set(Gegl.Rectangle.new(0, 0, 192, 192), "R'G'B' float", vivid)
before = own_pixels(layer)
assert struct.unpack("f", pixels(layer, "R'G'B' float")[:4])[0] < -0.1
done("estimate-foreground", image, [layer], result="in-place")
far = max(abs(one - other) for one, other in zip(own_pixels(layer), before, strict=True))
assert far <= 1, far
good("a wide profile: seen as sRGB, returned in its own numbers")
