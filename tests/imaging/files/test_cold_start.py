"""Finding, naming, reading and writing an ordinary picture needs Pillow and numpy, nothing slower to load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_neither_torch_nor_opencv_is_loaded(tmp_path: Path) -> None:
    script = """
import sys
import numpy as np
from u2studio.shared_core.imaging.files import OutputNames, find_pictures, read_picture, write_picture
path = sys.argv[1] + "/a.png"
write_picture(path, np.zeros((4, 5, 4), np.uint8))
for found in find_pictures([path]):
    picture = read_picture(found.path)
    write_picture(OutputNames(sys.argv[1] + "/out").path_for(found), picture.own, metadata=picture.metadata)
print(sorted({"torch", "cv2", "scipy", "httpx", "rich", "click"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_finding_and_naming_needs_the_standard_library_alone(tmp_path: Path) -> None:
    script = """
import sys
from u2studio.shared_core.imaging.files import OutputNames, check_target, find_pictures, remove_leftovers, shown
(tmp := sys.argv[1]) and open(tmp + "/a.png", "w").close()
for found in find_pictures([tmp]):
    check_target(OutputNames(tmp + "/out").path_for(found), overwrite=False)
remove_leftovers(OutputNames(tmp + "/out").folder)
print(sorted({"numpy", "PIL", "torch", "cv2", "secrets"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
