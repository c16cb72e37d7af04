"""Runs inside GIMP's python-fu-eval: executes the caller's script, or opens a
plug-in procedure's dialog, and leaves one line in the status file.

The status line is "ok", or "fail" and a reason; no file means that GIMP never
came this far.
"""

import os
import sys
import traceback
from pathlib import Path

from gi.repository import Gimp, Gio

HARNESS = "/harness"


def leave(line: str) -> None:
    Path(HARNESS, "status").write_text(line + "\n", encoding="utf-8")


def run_script(path: str) -> None:
    sys.argv = [path, *os.environ["HARNESS_ARGS"].split("\x1f")[1:]]
    sys.path.insert(0, str(Path(path).parent))
    code = compile(Path(path).read_text(encoding="utf-8"), path, "exec")
    exec(code, {"__name__": "__main__", "__file__": path})


def open_image(path: str):
    if path:
        return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    image = Gimp.Image.new(480, 320, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(image, "Background", 480, 320, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    layer.edit_fill(Gimp.FillType.WHITE)
    return image


def show_and_call(procedure_name: str) -> None:
    """Shows an image and, when asked, calls the procedure as its menu item would."""
    image = open_image(os.environ["HARNESS_OPEN"])
    Gimp.Display.new(image)
    Gimp.displays_flush()
    Path(HARNESS, "shown").touch()
    if not procedure_name:
        return
    procedure = Gimp.get_pdb().lookup_procedure(procedure_name)
    if procedure is None:
        raise LookupError(f"no procedure named {procedure_name}: did its plug-in register?")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    if any(argument.name == "image" for argument in procedure.get_arguments()):
        config.set_property("image", image)
        config.set_core_object_array("drawables", image.get_selected_drawables())
    result = procedure.run(config)
    status = result.index(0)
    print(f"harness: {procedure_name} returned {status.value_nick}", flush=True)  # noqa: T201
    if status not in (Gimp.PDBStatusType.SUCCESS, Gimp.PDBStatusType.CANCEL):
        raise RuntimeError(f"{procedure_name} returned {status.value_nick}: {result.index(1) if result.length() > 1 else 'no message'}")


def main() -> None:
    try:
        script = os.environ["HARNESS_SCRIPT"]
        if script:
            run_script(script)
        else:
            show_and_call(os.environ["HARNESS_DIALOG"])
    except SystemExit as stop:
        if stop.code in (None, 0):
            leave("ok")
        else:
            leave(f"fail the script ended with {stop.code}")
    except BaseException as error:
        traceback.print_exc()
        sys.stderr.flush()
        leave(f"fail {type(error).__name__}: {error}".splitlines()[0])
    else:
        leave("ok")
    sys.stdout.flush()


main()
