"""Menu entries, arguments and refusals are in GIMP's language; then a photo with its mask is left open for the pictures of docs/gimp.md."""

from __future__ import annotations

import sys
from pathlib import Path

from gi.repository import Gimp, Gio
from pictures import PHOTO, call, done, good, photo

pdb = Gimp.get_pdb()
matte = pdb.lookup_procedure("plug-in-u2studio-matte")
found = {
    "menu": matte.get_menu_label(),
    "mask menu": pdb.lookup_procedure("plug-in-u2studio-matte-mask").get_menu_label(),
    "result": matte.find_argument("result").get_nick().replace("_", ""),
    "blurb": matte.get_blurb(),
}
image, layer = photo()
found["refusal"] = call("matte", image, [])[1]
expected = {
    "C.UTF-8": {
        "menu": "Matting…", "mask menu": "Matting as Mask…", "result": "Result", "blurb": "Cut the subject out of a photo.", "refusal": "Select a layer first.",
    },
    "zh_CN.UTF-8": {
        "menu": "抠图…", "mask menu": "抠图为蒙版…", "result": "输出为(A)", "refusal": "请先选择一个图层。",
    },
}[sys.argv[1]]  # fmt: skip
for key, text in expected.items():
    assert found[key] == text, (key, found[key], text)
if sys.argv[1] == "zh_CN.UTF-8":
    assert found["blurb"] != "Cut the subject out of a photo."
    choice = matte.find_argument("refine")
    assert Gimp.param_spec_choice_get_choice(choice).get_label("guided") == "导向滤波"
good("all texts are in this language")

image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(PHOTO))
done("matte", image, image.get_layers())
Gimp.Display.new(image)
Gimp.displays_flush()
Path("/harness/shown").touch()
