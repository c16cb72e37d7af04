"""The example for a folder of XCF files does what it says; masks and their provenance survive the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gi.repository import Gimp, Gio
from pictures import good, photo

folder = "/harness/out/pictures"
Path(folder).mkdir()
for name in ("one", "two"):
    image, layer = photo("rgb", "u16-non-linear" if name == "two" else "u8-non-linear")
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(f"{folder}/{name}.xcf"), None)
    image.delete()
example = Path(os.environ["CHECK_WORKER"].split("\x1f")[1]) / "gimp_plugin/examples/mask_folder.py"
exec(compile(example.read_text(encoding="utf-8"), str(example), "exec"), {"folder": folder})
assert sorted(path.name for path in Path(folder).iterdir()) == ["one-masked.xcf", "one.xcf", "two-masked.xcf", "two.xcf"]
for name in ("one", "two"):
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(f"{folder}/{name}-masked.xcf"))
    mask = image.get_layers()[0].get_mask()
    provenance = json.loads(bytes(mask.get_parasite("u2studio").get_data()))
    assert provenance["parameters"]["edge_width"] == 16.0
    assert len(provenance["models"]["u2netp"]) == 64
    image.delete()
good("the example masks a folder of XCF files, and the files say how they were made")
