"""With a screen: one undo step per result, bit-exact; menu, dialogs, last values, Repeat, Re-Show, Cancel. Presses the keys itself."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from gi.repository import Gimp
from pictures import asked_for, call, done, everything, good, photo, pixels, worker

PROCEDURES = json.loads((Path(Gimp.directory()) / "plug-ins/u2studio/operations.json").read_text(encoding="utf-8"))["procedures"]
CANCEL = ("518", "604")
"""where the button of the progress bar is, in the window GIMP opens on the harness's screen"""
MENU = [one for one in PROCEDURES if one["menu"] == "<Image>/Filters/u2studio"]


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
for data in MENU:
    if data["operation"] not in ("matte", "clothes"):
        changes = {"grow": 3.0} if data["operation"] == "clean_up" else asked_for(data, layer)  # clean-up changes nothing by its defaults
        check_undo(data["operation"], data["name"].removeprefix("plug-in-u2studio-"), **changes)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)


def choose(entry: str) -> None:
    """Filters › u2studio (the last entry) › `entry`; GIMP sorts them."""
    labels = sorted(["Settings and Status…", *(one["label"].format(title=one["title"]) for one in MENU)], key=str.casefold)
    key("alt+r")
    for name in ("Up", "Right", *["Down"] * labels.index(entry), "Return"):
        time.sleep(0.4)
        press(name)


def in_dialog(title: str, *names: str) -> None:
    """Wait for it, press keys."""
    wait_until(f"the dialog {title}", lambda: window(f"^{title}$"))
    time.sleep(1)
    for name in names:
        press(name)
        time.sleep(0.4)


def no_mask_any_more() -> None:
    time.sleep(0.5)
    layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    focus_image()


# as a user: the menu, the dialog, OK; then Repeat, which asks nothing
image.clean_all()
choose("Matting…")
in_dialog("Matting", "Return")
wait_until("a mask", lambda: layer.get_mask() is not None)
mask = pixels(layer.get_mask())
good("menu and dialog: a mask")
no_mask_any_more()
key("ctrl+f")
wait_until("a mask by Repeat", lambda: layer.get_mask() is not None)
assert pixels(layer.get_mask()) == mask
assert not window("^Matting$")
good("Repeat: the same mask, no dialog")

# Re-Show, another result chosen with the keys of the dialog; it is what the next dialog, Repeat and scripts with last values begin with
no_mask_any_more()
key("ctrl+shift+f")
in_dialog("Matting", "alt+e", "Down", "alt+o")
wait_until("the dialog gone", lambda: not window("^Matting$"))
wait_until("a new layer", lambda: len(image.get_layers()) == 2)
time.sleep(0.5)
image.remove_layer(image.get_layers()[0])
image.set_selected_layers([layer])
assert layer.get_mask() is None
key("ctrl+f")
wait_until("a new layer by Repeat", lambda: len(image.get_layers()) == 2)
time.sleep(0.5)
image.remove_layer(image.get_layers()[0])
image.set_selected_layers([layer])
status, text = call("matte", image, [layer], mode=Gimp.RunMode.WITH_LAST_VALS)
assert status == Gimp.PDBStatusType.SUCCESS, text
assert len(image.get_layers()) == 2
image.remove_layer(image.get_layers()[0])
image.set_selected_layers([layer])
good("last values: of the dialog, for Repeat and for scripts")
focus_image()
before = everything(image)
key("ctrl+shift+f")
in_dialog("Matting", "Escape")
wait_until("the dialog gone", lambda: not window("^Matting$"))
time.sleep(0.5)
assert everything(image) == before
good("Re-Show: the dialog; Cancel leaves the image as it was")

# the Cancel button of the progress bar in the middle of a job
big, big_layer = photo(size=5000)
big.resize_to_layers()
Gimp.Display.new(big)
before = everything(big)
wait_until("the large photo's window", lambda: window("5000x5000"), 60)
focus_image()
running = json.loads(worker("--status").stdout)["pid"]
# one of minutes, by the values the dialog begins with: the usual one would be done before the key is pressed
last = Path(Gimp.directory()) / "plug-in-settings" / "GimpProcedureConfigRun-plug-in-u2studio-matte.last"
values = last.read_text(encoding="utf-8")
assert '(refine "guided")' in values
last.write_text(values.replace('(refine "guided")', '(refine "closed_form")'), encoding="utf-8")
choose("Matting…")
in_dialog("Matting", "Return")
wait_until("its job", lambda: json.loads(worker("--status").stdout)["jobs"])
focus_image()
time.sleep(0.5)
subprocess.run(["xdotool", "mousemove", *CANCEL, "click", "1"], check=True)
wait_until("the end of its job", lambda: not json.loads(worker("--status").stdout)["jobs"], 20)
time.sleep(1)
assert everything(big) == before, differences(everything(big), before)
assert json.loads(worker("--status").stdout)["pid"] == running
good("Cancel in the middle of a job: the image is as it was, the worker stays")

# settings and status: the worker ended and started by its buttons
choose("Settings and Status…")
in_dialog("u2studio .*: settings and status", "alt+t")
wait_until("the worker's end", lambda: worker("--status").returncode == 1)
in_dialog("u2studio .*: settings and status", "alt+w")
wait_until("another worker", lambda: worker("--status").returncode == 0, 90)
in_dialog("u2studio .*: settings and status", "Escape")
wait_until("the dialog gone", lambda: not window("settings and status"))
good("Settings and Status: stops and starts the worker")
