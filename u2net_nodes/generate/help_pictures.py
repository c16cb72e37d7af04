"""Draws the picture of each help page: what goes into a node, and what comes out, on a sample."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ...shared_core import ModelMissing, operation, run
from ...shared_core.models.cache import ModelCache
from ...shared_core.spec import Input, ModelChoice, Operation
from ..description import FOLDER_LOADER, Node, all_nodes
from .help_pages import FOLDER, picture_path

__all__ = ["draw", "on_paper"]

HEIGHT, GAP, ARROW, LEVEL = 240, 12, 28, 205
"""pixels; grey level of the checkerboard's dark squares"""
SETTINGS: dict[str, dict[str, object]] = {
    "clean_up": {"keep": "largest", "fill_holes": 20_000, "feather": 1.5},
    "composite": {"fill": "gradient"},
    "crop_to_subject": {"margin": 16},
    "drop_shadow": {"right": 24, "down": 24},
    "trimap": {"inside": 16.0, "outside": 16.0},
}
"""where the defaults would show little"""
NOT_LINKED = {"line_drawing": ("alpha",)}
"""optional inputs that would hide what an operation does by itself"""
SCREEN = (0.0, 0.6, 0.1)
OUTLINE = (255, 196, 0)


def draw(root: Path) -> None:
    """Write every node's picture below `root`."""
    sample = {name: _read(root / "workflows/inputs" / file) for name, file in (("image", "u2studio_portrait.jpg"), ("background", "u2studio_stars.jpg"))}
    hard = _read(root / "workflows/inputs/u2studio_mask.png")
    models = ModelCache("cpu", "fp32", "torch")
    matte = run("matte", {"image": sample["image"]}, models=models)
    known = {**sample, "alpha": matte["alpha"], "foreground": matte["foreground"], "refine_alpha.alpha": hard[..., 0]}
    known |= {"clean_up.alpha": _spoiled(matte["alpha"]), "despill.foreground": _before_a_screen(matte["foreground"], matte["alpha"])}
    over_stars = torch.lerp(sample["background"][:, :512, :512], matte["foreground"], matte["alpha"][..., None])
    known["crop_to_subject.image"] = _far_away(over_stars, sample["background"])
    known["crop_to_subject.alpha"] = _far_away(matte["alpha"][..., None], torch.zeros(1, 512, 768, 1))[..., 0]
    known |= _on_the_way_to_a_drawing(sample["image"], models)
    folder = [_read(path) for path in sorted((root / "workflows/inputs/u2studio_folder").iterdir())]
    for node in all_nodes():
        before, after = ([], folder) if node.id == FOLDER_LOADER else _shown(node, known, models)
        target = root / FOLDER / picture_path(node)
        target.parent.mkdir(parents=True, exist_ok=True)
        _side_by_side([on_paper(one) for one in before], [on_paper(one) for one in after]).save(target, quality=85, optimize=True)


def _shown(node: Node, known: dict[str, Tensor], models: ModelCache) -> tuple[list[Tensor], list[Tensor]]:
    job = node.operation or operation("matte")
    left_out = NOT_LINKED.get(job.id, ())
    linked = {one.name: _example(job, one, known) for one in job.inputs if (not one.optional or one.name in known) and one.name not in left_out}
    before = [_visible(one, known["image"]) for one in linked.values()]
    try:
        made = run(job.id, linked, _settings(job), models=models)
    except ModelMissing:  # what it is for can be told without the network, what it makes cannot
        return before, []
    if node.operation is None:  # the loader and the all-in-one: what they end in
        return before, [made["cutout"]]
    return before, [_visible(made[one.id], known["image"]) for one in node.outputs]


def _example(job: Operation, one: Input, known: dict[str, Tensor]) -> Tensor:
    """A picture for an input: the one kept for it, else one of its name, else one of its kind."""
    by_kind = {"image": "image", "alpha": "alpha"}
    return next(known[key] for key in (f"{job.id}.{one.name}", one.name, by_kind.get(one.kind, "")) if key in known)


def _settings(job: Operation) -> dict[str, object]:
    return {one.name: one.default for one in job.parameters if isinstance(one, ModelChoice)} | SETTINGS.get(job.id, {})


def _on_the_way_to_a_drawing(photo: Tensor, models: ModelCache) -> dict[str, Tensor]:
    """What each step from a photo to a pasted drawing is given."""
    faces = run("detect_faces", {"image": photo}, models=models)["faces"]
    crop = run("crop_face", {"image": photo, "faces": faces}, models=models)["image"]
    drawing = run("line_drawing", {"image": crop}, models=models)["drawing"]
    return {
        "faces": faces,
        "portrait.image": crop,
        "line_drawing.image": crop,
        "paste_face.drawing": drawing,
        "ink_over_photo.image": crop,
        "ink_over_photo.drawing": drawing,
    }


def _visible(made: Tensor, photo: Tensor) -> Tensor:
    """A picture as it is; a list of faces as boxes on the photo."""
    if made.ndim > 2:
        return made
    shown = on_paper(photo)
    pen = ImageDraw.Draw(shown)
    for _picture, left, top, width, height, roll, _score in made.tolist():
        turn, x, y = math.radians(roll), left + width / 2, top + height / 2
        corners = [(across * width / 2, down * height / 2) for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        pen.line([(x + a * math.cos(turn) + d * math.sin(turn), y - a * math.sin(turn) + d * math.cos(turn)) for a, d in corners], OUTLINE, width=5)
    return torch.from_numpy(np.asarray(shown, dtype=np.float32) / 255)[None]


def _spoiled(alpha: Tensor) -> Tensor:
    """A mask with specks beside the subject and holes in it."""
    spoiled = alpha.clone()
    random = torch.Generator().manual_seed(4)
    rows, columns = torch.arange(alpha.shape[1])[:, None], torch.arange(alpha.shape[2])[None]
    for _ in range(24):
        y, x, radius = (int(torch.randint(low, high, (), generator=random)) for low, high in ((0, alpha.shape[1]), (0, alpha.shape[2]), (3, 12)))
        disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        spoiled[0, disc] = 1 - alpha[0, y, x].round()
    return spoiled


def _before_a_screen(foreground: Tensor, alpha: Tensor) -> Tensor:
    """As if photographed before a green screen that shines upon the subject."""
    green = torch.tensor(SCREEN)
    return torch.lerp(green.expand_as(foreground), (foreground + 0.4 * green).clamp(0, 1), alpha[..., None])


def _far_away(picture: Tensor, background: Tensor) -> Tensor:
    """A picture at half its size in the middle of a wide background. [1, H, W, C] → [1, h, w, C]"""
    small = picture[:, ::2, ::2]
    height, width = small.shape[1:3]
    wide = background[:, : height * 2, : width * 3].clone()
    wide[:, height // 2 : height // 2 + height, width : width * 2] = small
    return wide


def on_paper(picture: Tensor) -> Image.Image:
    """The first of a batch of pictures or masks as RGB, transparency over a checkerboard. [B, H, W] or [B, H, W, 3 or 4], 0..1."""
    first = picture[0].float()
    if first.ndim == 2:
        first = first[..., None].expand(*first.shape, 3)
    if first.shape[-1] == 4:
        height, width = first.shape[:2]
        odd = (torch.arange(height)[:, None] // 16 + torch.arange(width)[None] // 16) % 2
        paper = torch.where(odd.bool(), LEVEL / 255, 1.0)[..., None]
        first = first[..., :3] * first[..., 3:] + paper * (1 - first[..., 3:])
    return Image.fromarray((first * 255).round().to(torch.uint8).numpy())


def _side_by_side(before: list[Image.Image], after: list[Image.Image]) -> Image.Image:
    shown = [one.resize((round(one.width * HEIGHT / one.height), HEIGHT), Image.Resampling.LANCZOS) for one in (*before, *after)]
    whole = Image.new("RGB", (sum(one.width + GAP for one in shown) - GAP + ARROW, HEIGHT), "white")
    x = 0
    for number, one in enumerate(shown):
        if number == len(before):
            whole.paste(_arrow(), (x - GAP // 2, HEIGHT // 2 - 8))
            x += ARROW
        whole.paste(one, (x, 0))
        x += one.width + GAP
    return whole


def _arrow() -> Image.Image:
    ramp = np.abs(np.arange(17) - 8)[:, None] * 1.5 > 16 - np.arange(17)[None]
    shaft = (np.abs(np.arange(17) - 8)[:, None] <= 2) & (np.arange(17)[None] < 9)
    head = ~ramp & (np.arange(17)[None] >= 6)
    return Image.fromarray(np.where(shaft | head, 90, 255).astype(np.uint8)).convert("RGB")


def _read(path: Path) -> Tensor:
    return torch.from_numpy(np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255)[None]
