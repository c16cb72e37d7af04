"""What a prompt should make: our nodes done by the core itself, and the few of ComfyUI's nodes our workflows use done plainly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from u2studio.shared_core import operation, run
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.spec import ModelChoice
from u2studio.u2net_nodes.description import Node, all_nodes

MODELS = ModelCache("cpu", "fp32", "torch")
Inputs = dict[str, Any]


class Shown(NamedTuple):
    """What an output node shows, each [H, W, C] or [H, W], 0..1; for colours that a mask belongs to, that mask, [H, W]."""

    pictures: list[Tensor]
    weights: list[Tensor | None]


def expected(prompt: dict[str, Any], inputs: Path) -> dict[str, Shown]:
    """The pictures of the output nodes of a prompt, by node id. `inputs` is the folder of pictures."""
    made: dict[str, tuple[Any, ...]] = {}

    def outputs(node_id: str) -> tuple[Any, ...]:
        if node_id not in made:
            node = prompt[node_id]
            values = {name: outputs(value[0])[value[1]] if isinstance(value, list) else value for name, value in node["inputs"].items()}
            made[node_id] = _each(node["class_type"], values, inputs)
        return made[node_id]

    def shown(node_id: str) -> Shown:
        pictures, link = _singly(outputs(node_id)[0]), prompt[node_id]["inputs"].get("images")
        node = next((one for one in all_nodes() if link and one.id == prompt[link[0]]["class_type"]), None)
        names = [one.id for one in node.outputs] if node else []
        weighed = bool(names) and names[link[1]] == "foreground" and "alpha" in names
        return Shown(pictures, _singly(outputs(link[0])[names.index("alpha")]) if weighed else [None] * len(pictures))  # pyright: ignore[reportArgumentType]

    ends = ("SaveImage", "PreviewImage", "MaskPreview", "U2RemoveBackground")
    return {node_id: shown(node_id) for node_id, node in prompt.items() if node["class_type"] in ends}


def _each(kind: str, values: Inputs, inputs: Path) -> tuple[Any, ...]:
    """A node's outputs; where an input is a list, lists of what the node makes of each."""
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    if not lists:
        return _run(kind, values, inputs)
    runs = [_run(kind, {**values, **dict(zip(lists, ones, strict=True))}, inputs) for ones in zip(*lists.values(), strict=True)]
    return tuple(list(one) for one in zip(*runs, strict=True))


def _singly(made: Tensor | list[Tensor]) -> list[Tensor]:
    """The pictures of a batch, or of a list of batches."""
    return [one for batch in (made if isinstance(made, list) else [made]) for one in batch]


def _run(kind: str, values: Inputs, inputs: Path) -> tuple[Any, ...]:
    node = next((one for one in all_nodes() if one.id == kind), None)
    if node is None:
        return CORE[kind](values, inputs)
    if node.operation is None:
        own = {"U2LoadModel": lambda: (None,), "U2LoadFolder": lambda: _folder(values, inputs), "U2RemoveBackground": lambda: _remove_background(values)}
        return own[kind]()
    return _operate(node, values)


def _operate(node: Node, values: Inputs) -> tuple[Tensor, ...]:
    job = node.operation
    assert job is not None
    pictures = {one.name: values[one.name] for one in job.inputs if one.name in values}
    settings = {one.name: values[one.name] for one in job.parameters if one.name in values and not isinstance(one, ModelChoice)}
    made = run(job.id, pictures, settings, models=MODELS)
    return tuple(made[one.name] for one in job.outputs)


def _remove_background(values: Inputs) -> tuple[Tensor, ...]:
    settings = {one.name: values[one.name] for one in operation("matte").parameters}
    made = run("matte", {"image": values["image"]}, settings, models=MODELS)
    if values["fill"] == "transparent":
        return made["cutout"], made["alpha"]
    pictures = {"foreground": made["foreground"], "alpha": made["alpha"]}
    if values["fill"] in ("picture", "blurred"):
        pictures["background"] = values["background" if values["fill"] == "picture" else "image"]
    behind = {"colour": values["colour"], "fill": "blurred" if values["fill"] == "blurred" else "colour"}
    return run("composite", pictures, behind, models=MODELS)["image"], made["alpha"]


def read(path: Path) -> Tensor:
    """A picture file as LoadImage gives it."""
    return torch.from_numpy(np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255)[None]


def _folder(values: Inputs, inputs: Path) -> tuple[list[Tensor]]:
    read_as_core = (torch.from_numpy(read_picture(path).pixels[..., :3])[None] for path in sorted((inputs / values["folder"]).iterdir()))
    return ([one / 255 for one in read_as_core],)


def _mask_composite(values: Inputs, _inputs: Path) -> tuple[Tensor]:
    one, other = values["destination"], values["source"]
    return ((one * other if values["operation"] == "multiply" else one + other).clamp(0, 1),)


def _blur(values: Inputs, _inputs: Path) -> tuple[Tensor]:
    radius, sigma = values["blur_radius"], values["sigma"]
    line = torch.exp(-(torch.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2))  # sigma counts in kernels, not in pixels
    kernel = torch.outer(line, line)
    weight = (kernel / kernel.sum()).repeat(3, 1, 1)[:, None]
    padded = F.pad(values["image"].permute(0, 3, 1, 2), (radius,) * 4, "reflect")
    return (F.conv2d(padded, weight, groups=3).permute(0, 2, 3, 1),)


def _upscale(state: dict[str, Tensor], image: Tensor) -> Tensor:
    """The network of write_plain_upscaler, whose activations do nothing."""
    planes = features = image.permute(0, 3, 1, 2)
    for name in ("body.0", "body.2", "body.4"):
        features = F.conv2d(features, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)
    return (F.pixel_shuffle(features, 4) + F.interpolate(planes, scale_factor=4, mode="nearest")).permute(0, 2, 3, 1).clamp(0, 1)


CORE: dict[str, Callable[[Inputs, Path], tuple[Any, ...]]] = {
    "LoadImage": lambda values, inputs: (read(inputs / values["image"]), None),
    "LoadImageMask": lambda values, inputs: (read(inputs / values["image"])[..., "rgb".index(values["channel"][0])],),
    "UpscaleModelLoader": lambda values, inputs: (load_file(inputs.parent / "models" / "upscale_models" / values["model_name"]),),
    "ImageUpscaleWithModel": lambda values, _inputs: (_upscale(values["upscale_model"], values["image"]),),
    "ThresholdMask": lambda values, _inputs: ((values["mask"] > values["value"]).float(),),
    "MaskComposite": _mask_composite,
    "ImageBlur": _blur,
    "SaveImage": lambda values, _inputs: (values["images"],),
    "PreviewImage": lambda values, _inputs: (values["images"],),
    "MaskPreview": lambda values, _inputs: (values["mask"],),
}
