"""Runs every workflow on a real ComfyUI, and makes the pictures people see of it.

`python tests/hosts/comfyui/make_pictures.py` writes the thumbnails `workflows/*.jpg` (photo and result, cut along the diagonal) and the screenshots
`docs/pictures/comfyui/*.jpg` that `docs/comfyui.md` shows. Environment: as the tests beside it (setup.sh).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from comfy_server import HERE, ROOT, Base, Server
from PIL import Image, ImageDraw

SIDE = 512
SHOTS = (1200, 675)
PACK = "u2studio"


def main() -> None:
    """Start, run, write, stop."""
    base = Base(Path(tempfile.mkdtemp(prefix="comfy")))
    base.pack(PACK)
    base.add_upscaler()
    server = Server(base)
    server.upload_inputs()
    try:
        for path in sorted((ROOT / "workflows").glob("*.json")):
            thumbnail(server, path)
            screenshot(server, path.stem)
    finally:
        server.stop()


def thumbnail(server: Server, path: Path) -> None:
    """What goes in above the diagonal, what comes out below."""
    prompt: dict[str, Any] = json.loads((path.parent / "api" / path.name).read_text(encoding="utf-8"))
    (run,) = server.queue(prompt)
    assert run["state"] == "execution_success", run["error"]
    (saved,) = [node for node, content in prompt.items() if content["class_type"] == "SaveImage"]
    after = [square(on_checkerboard(Image.open(file))) for file in run["files"][saved]]
    source = next(content["inputs"] for content in prompt.values() if content["class_type"] in ("LoadImage", "U2LoadFolder"))
    if len(after) > 1:
        folder = server.base.folder / "input" / source["folder"]
        whole = contact([square(Image.open(one).convert("RGB")) for one in sorted(folder.iterdir())] + after)
    else:
        before = square(Image.open(server.base.folder / "input" / source["image"]).convert("RGB"))
        cut = Image.new("L", (SIDE, SIDE))
        ImageDraw.Draw(cut).polygon([(SIDE * 0.62, 0), (SIDE, 0), (SIDE, SIDE), (SIDE * 0.38, SIDE)], fill=255)
        whole = Image.composite(after[0], before, cut)
        ImageDraw.Draw(whole).line([(SIDE * 0.62, 0), (SIDE * 0.38, SIDE)], fill="white", width=5)
    whole.save(path.with_suffix(".jpg"), quality=82, optimize=True)


def contact(pictures: list[Image.Image]) -> Image.Image:
    """A sheet of two rows, before and after."""
    columns = len(pictures) // 2
    width = SIDE // columns
    whole = Image.new("RGB", (SIDE, SIDE), "white")
    for number, one in enumerate(pictures):
        part = one.resize((width - 4, width - 4), Image.Resampling.LANCZOS)
        row = SIDE // 2 - width if number < columns else SIDE // 2
        whole.paste(part, (number % columns * width + 2, row + 2))
    return whole


def square(picture: Image.Image) -> Image.Image:
    """The middle of a picture, SIDE by SIDE."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def on_checkerboard(picture: Image.Image) -> Image.Image:
    """RGB, transparency shown."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    step = max(8, picture.width // 32)
    for x in range(0, picture.width, step):
        for y in range(0, picture.height, step):
            if (x + y) // step % 2:
                paper.paste((205, 205, 205), (x, y, x + step, y + step))
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def screenshot(server: Server, template: str) -> None:
    """The page after a run."""
    target = ROOT / "docs" / "pictures" / "comfyui" / f"{template}.jpg"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".png") as shot:
        options = {"port": server.port, "pack": PACK, "template": template, "queue": True, "screenshot": shot.name}
        told = subprocess.run(["node", str(HERE / "open_workflow.js"), json.dumps(options)], capture_output=True, text=True, check=True).stdout
        assert json.loads(told.splitlines()[-1])["problems"] == [], told
        Image.open(shot.name).convert("RGB").resize(SHOTS, Image.Resampling.LANCZOS).save(target, quality=72, optimize=True)


if __name__ == "__main__":
    main()
