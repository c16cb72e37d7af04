"""Gives every layer of every XCF in a folder a mask, without a screen.

    gimp-console-3.0 --no-interface --batch-interpreter=python-fu-eval \
        --batch "folder = '/pictures'; exec(open('mask_folder.py', encoding='utf-8').read())" --quit

The results are saved beside the originals as NAME-masked.xcf.
"""

from pathlib import Path

from gi.repository import Gimp, Gio


def mask_layers(path):
    """Write NAME-masked.xcf beside `path`."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path)))
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-u2studio-matte")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", image.get_layers())
    config.set_property("result", "layer-mask")  # layer-mask, new-layer, selection, channel, trimap, foreground
    config.set_property("existing", "combine")  # with masks that are there: new-layer, replace, combine
    config.set_property("edge-width", 16.0)
    answer = procedure.run(config)
    if answer.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(f"{path}: {answer.index(1)}")
    target = path.with_name(f"{path.stem}-masked.xcf")
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(target)), None)
    image.delete()
    print("saved", target)  # noqa: T201


for path in sorted(Path(folder).glob("*.xcf")):  # noqa: F821 ("folder" comes from the command above)
    if not path.stem.endswith("-masked"):
        mask_layers(path)
