"""For the pictures of docs/gimp.md: a photo, a worker that has done a job, and a dialog left open. Argument: the procedure."""

from __future__ import annotations

import sys
from pathlib import Path

from gi.repository import Gimp, Gio
from pictures import PHOTO, done

image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(PHOTO))
done("matte", image, image.get_layers(), result="channel")
Path("/harness/shown").touch()
procedure = Gimp.get_pdb().lookup_procedure(sys.argv[1])
config = procedure.create_config()
config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
if procedure.find_argument("image"):
    config.set_property("image", image)
    config.set_core_object_array("drawables", image.get_layers())
procedure.run(config)
