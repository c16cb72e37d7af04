"""With a screen: one undo step per result, bit-exact; the menu, the dialog, Repeat. Presses the keys itself."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from gi.repository import Gimp
from pictures import done, everything, good, photo, pixels


def key(*names: str) -> None:
    """To the image's window."""
    Gimp.displays_flush()
    focus_image()
    subprocess.run(["xdotool", "key", *names], check=True)


def press(name: str) -> None:
    """To the window that has the focus."""
    subprocess.run(["xdotool", "key", name], check=True)


def wait_until(what: str, test, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, f"not seen: {what}"
        time.sleep(0.1)


def window(name: str) -> str:
    return subprocess.run(["xdotool", "search", "--onlyvisible", "--name", name], capture_output=True, text=True, check=False).stdout.strip()


def focus_image() -> None:
    wait_until("GIMP's window", lambda: window("– GIMP$"))
    subprocess.run(["xdotool", "windowactivate", "--sync", window("– GIMP$").split()[-1]], check=True)
    time.sleep(0.5)


image, layer = photo()
Gimp.Display.new(image)
focus_image()
Path("/harness/shown").touch()


def pictures_of(found):
    """Without what GIMP itself does not redo: which drawable is active, and whether that is a mask."""
    layers, channels, selection, _active = found
    return [(*layer[:4], layer[5]) for layer in layers], channels, selection


def differences(found, expected) -> str:
    """Where two answers of `everything` differ."""
    parts = ("layers", "channels", "selection", "active drawables")
    return str([one for one in zip(parts, found, expected, strict=True) if one[1] != one[2]])


def check_undo(what: str, name: str, **settings) -> None:
    """One call, one Ctrl+Z."""
    image.clean_all()
    before = everything(image)
    done(name, image, [layer], **settings)
    after = everything(image)
    assert after != before, what
    assert image.is_dirty(), what
    key("ctrl+z")
    wait_until(f"{what}: one step back", lambda: not image.is_dirty())
    assert everything(image) == before, f"{what}: not bit-exact after undo: {differences(everything(image), before)}"
    key("ctrl+y")
    wait_until(f"{what}: again", image.is_dirty)
    again = everything(image)
    assert pictures_of(again) == pictures_of(after), f"{what}: not bit-exact after redo: {differences(again, after)}"
    key("ctrl+z")
    wait_until(f"{what}: back again", lambda: not image.is_dirty())
    good(f"undo and redo: {what}")


for result in ("layer-mask", "new-layer", "selection", "channel", "trimap", "foreground"):
    check_undo(result, "matte", result=result)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 50, 10, 80, 60)
for result in ("layer-mask", "new-layer", "selection", "channel"):
    check_undo(f"{result} in a selection", "matte", result=result)
check_undo("refined selection", "refine-alpha")
Gimp.Selection.none(image)
layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
layer.set_edit_mask(False)
for existing in ("replace", "combine", "new-layer"):
    check_undo(f"existing mask: {existing}", "matte", existing=existing)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
done("matte", image, [layer])
check_undo("colours in place", "estimate-foreground", result="in-place")
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)

# as a user: Filters › u2studio (the last entry) › Matting… (its second), the dialog, OK; then Repeat, which asks nothing
image.clean_all()
key("alt+r")
for name in ("Up", "Right", "Down", "Return"):
    time.sleep(0.5)
    press(name)
wait_until("the dialog", lambda: window("^Matting$"))
time.sleep(1)
press("Return")
wait_until("a mask", lambda: layer.get_mask() is not None)
mask = pixels(layer.get_mask())
good("menu and dialog: a mask")
time.sleep(0.5)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
focus_image()
key("ctrl+f")
wait_until("a mask by Repeat", lambda: layer.get_mask() is not None)
assert pixels(layer.get_mask()) == mask
assert not window("^Matting$")
good("Repeat: the same mask, no dialog")
time.sleep(0.5)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
focus_image()
key("ctrl+shift+f")
wait_until("the dialog again", lambda: window("^Matting$"))
time.sleep(1)
press("Escape")
wait_until("the dialog gone", lambda: not window("^Matting$"))
time.sleep(0.5)
assert layer.get_mask() is None
good("Re-Show: the dialog; Cancel leaves the image as it was")
