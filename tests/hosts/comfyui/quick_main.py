"""Runs ComfyUI's main.py and reports what the packs did to the interpreter.

Usage: quick_main.py APP_FOLDER REPORT.json MISSING ARGUMENT…   MISSING are modules to hide, with commas between, or "-".
The report holds the nodes of each pack, what was put on sys.path, and modules of a pack imported under a name of their own.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

app, report, missing, *arguments = sys.argv[1:]
custom = Path(arguments[arguments.index("--base-directory") + 1]).resolve() / "custom_nodes"
sys.path[0] = app
sys.argv = [str(Path(app) / "main.py"), *arguments]
for name in missing.split(",") if missing != "-" else ():
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]
before = list(sys.path)
code: object = 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code
finally:
    packs = {one.name: one.resolve() for one in custom.iterdir()}
    nodes: dict[str, list[str]] = {}
    for name, node in getattr(sys.modules.get("nodes"), "NODE_CLASS_MAPPINGS", {}).items():
        module = getattr(node, "RELATIVE_PYTHON_MODULE", None) or ""
        if module.startswith("custom_nodes."):
            nodes.setdefault(module.removeprefix("custom_nodes."), []).append(name)
    outside: dict[str, list[str]] = {}
    own_names = os.path.join(custom, "").replace(".", "_x_")  # noqa: PTH118 (with the separator, as ComfyUI makes the name)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        for pack, folder in packs.items():
            if file and not name.startswith(own_names) and Path(file).resolve().is_relative_to(folder):
                outside.setdefault(pack, []).append(name)
    added = [entry for entry in sys.path if entry not in before and entry != "." and not entry.startswith(app + os.sep)]
    Path(report).write_text(json.dumps({"nodes": nodes, "outside": outside, "sys_path_added": added}), encoding="utf-8")
sys.exit(code)
