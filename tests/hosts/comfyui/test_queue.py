"""Every workflow run by a real ComfyUI: its pictures are the core's own; progress, stopping, caching, and what wrong inputs say."""

from __future__ import annotations

import copy
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from .comfy_server import ROOT, Server
from .reference import Shown, expected

COUNTER = itertools.count()
TWINS = sorted((ROOT / "workflows" / "api").glob("*.json"))
RELEASED = sorted((ROOT / "tests" / "nodes" / "released").glob("*/api/*.json"))


def prompt_of(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "workflows" / "api" / f"{name}.json").read_text(encoding="utf-8"))


def pixels(path: str) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.open(path), dtype=np.float32) / 255)


def difference(files: list[str], shown: Shown) -> float:
    """The largest difference between saved files and a batch, in levels of 255; colours count by how much of them is seen.

    ComfyUI cuts off when it makes bytes of a picture. A colour under an alpha of 1/512 is a matter of rounding, and nobody sees it.
    """
    largest = 0.0
    for file, picture, weight in zip(files, shown.pictures, shown.weights, strict=True):
        one = picture if picture.ndim == 3 else picture[..., None].expand(*picture.shape, 3)
        difference = (pixels(file) * 255 - (one.clamp(0, 1) * 255).floor()).abs()
        if one.shape[-1] == 4:
            difference[..., :3] *= one[..., 3:]
        elif weight is not None:
            difference *= weight[..., None]
        largest = max(largest, float(difference.max()))
    return largest


def never_run(prompt: dict[str, Any], kind: str = "U2Matte", name: str = "edge_width") -> dict[str, Any]:
    """The prompt with a value that no run had before, so that nothing of that node's is cached."""
    changed = copy.deepcopy(prompt)
    for content in changed.values():
        if content["class_type"] == kind:
            content["inputs"][name] = 5 + next(COUNTER) / 64
    return changed


def batch_prompt(amount: int) -> dict[str, Any]:
    """Matte on one batch; node 3."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "u2studio_portrait.jpg"}},
        "2": {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": amount}},
        "3": {"class_type": "U2Matte", "inputs": {"image": ["2", 0]}},
        "4": {"class_type": "MaskPreview", "inputs": {"mask": ["3", 0]}},
    }


def save_noise(server: Server, name: str, width: int, height: int, mode: str = "RGB") -> None:
    """A photo-like picture of a size: a bright disc on noise."""
    random = np.random.default_rng(0)
    picture = random.integers(0, 90, (height, width, len(mode)), dtype=np.uint8)
    y, x = np.mgrid[:height, :width]
    picture[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2] = [230, 180, 60, 128][: len(mode)]
    Image.fromarray(picture, mode).save(server.base.folder / "input" / name)


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_workflow_makes_what_the_core_makes(server: Server, path: Path) -> None:
    prompt = json.loads(path.read_text(encoding="utf-8"))
    (run,) = server.queue(prompt)
    assert run["state"] == "execution_success", run["error"]
    wanted = expected(prompt, server.base.folder / "input")
    assert set(run["files"]) == set(wanted)
    for node, shown in wanted.items():
        assert difference(run["files"][node], shown) <= 1, f"node {node} of {path.stem}"


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_nothing_is_computed_twice(server: Server, path: Path) -> None:
    prompt = json.loads(path.read_text(encoding="utf-8"))
    _first, second = server.queue(prompt, repeat=2)
    assert {node for node, content in prompt.items() if content["class_type"].startswith("U2")} <= set(second["cached"])


def test_progress_tells_of_every_picture(server: Server) -> None:
    (run,) = server.queue(never_run(batch_prompt(3)))
    steps = run["progress"]["3"]
    assert len({value / total for value, total in steps}) >= 3, steps
    assert steps[-1][0] == steps[-1][1]
    assert all(0 <= value <= total for value, total in steps)


def test_stopping_takes_no_longer_than_one_picture(server: Server) -> None:
    """`inside/checks.py` shows that no more than one pass lies between two looks at the button."""
    (whole,) = server.queue(never_run(batch_prompt(3)))
    (run,) = server.queue(never_run(batch_prompt(40)), interrupt_after=2.0)
    assert run["state"] == "execution_interrupted", run
    assert run["seconds_to_stop"] < whole["seconds"]["3"] / 3 + 0.3, (run["seconds_to_stop"], whole["seconds"])
    (after,) = server.queue(prompt_of("matting"))  # and the next run is whole
    assert after["state"] == "execution_success", after["error"]


@pytest.mark.parametrize(
    ("node", "name", "value", "says"),
    [
        ("U2Matte", "edge_width", 900.0, "bigger than max of 200"),
        ("U2Matte", "edge_width", -1.0, "smaller than min of 0"),
        ("U2Matte", "refine", "gided", "refine is 'gided'; it must be one of: none, guided"),
        ("U2Matte", "preprocess", "", "preprocess is ''; it must be one of: default, official"),
        ("U2LoadModel", "model", "u2netq", "There is no model 'u2netq' here; there are: u2netp"),
        ("U2LoadModel", "model", "../../secret.safetensors", "There is no model '../../secret.safetensors' here"),
        ("U2Matte", "model", ["1", 0], "mismatch input_type(U2_MODEL)"),
        ("U2Matte", "image", ["1", 1], "mismatch input_type(IMAGE)"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_runs(server: Server, node: str, name: str, value: object, says: str) -> None:
    prompt = prompt_of("matting")
    (key,) = [one for one, content in prompt.items() if content["class_type"] == node]
    prompt[key]["inputs"][name] = value
    (run,) = server.queue(prompt)
    assert run["state"] == "refused"
    assert any(says in line for lines in run["refused"].values() for line in lines), run["refused"]


def refine_prompt(image: str, mask: list[Any], **extra: dict[str, Any]) -> dict[str, Any]:
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": image}},
        "2": {"class_type": "U2RefineAlpha", "inputs": {"image": ["1", 0], "alpha": mask, "edge_width": 12.0}},
        "3": {"class_type": "MaskPreview", "inputs": {"mask": ["2", 0]}},
        **extra,
    }


def test_the_empty_mask_of_load_image_is_no_mask(server: Server) -> None:
    (run,) = server.queue(refine_prompt("u2studio_portrait.jpg", ["1", 1]))
    assert run["state"] == "execution_error"
    assert "alpha is the empty mask that LoadImage gives" in run["error"]["exception_message"]


def test_a_mask_of_another_size_is_fitted(server: Server) -> None:
    Image.open(server.base.folder / "input" / "u2studio_mask.png").resize((131, 97)).save(server.base.folder / "input" / "odd_mask.png")
    mask = {"4": {"class_type": "LoadImageMask", "inputs": {"image": "odd_mask.png", "channel": "red"}}}
    (run,) = server.queue(refine_prompt("u2studio_portrait.jpg", ["4", 0], **mask))
    assert run["state"] == "execution_success", run["error"]
    assert Image.open(run["files"]["3"][0]).size == (512, 512)


def test_a_batch_wants_as_many_masks_or_one(server: Server) -> None:
    one_mask = {"4": {"class_type": "LoadImageMask", "inputs": {"image": "u2studio_mask.png", "channel": "red"}}}
    prompt = refine_prompt("u2studio_portrait.jpg", ["4", 0], **one_mask)
    prompt["5"] = {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": 3}}
    prompt["2"]["inputs"]["image"] = ["5", 0]
    (run,) = server.queue(prompt)
    assert run["state"] == "execution_success", run["error"]
    assert len(run["files"]["3"]) == 3
    two_masks = {"class_type": "RepeatImageBatch", "inputs": {"image": ["6", 0], "amount": 2}}
    prompt |= {"6": {"class_type": "MaskToImage", "inputs": {"mask": ["4", 0]}}, "7": two_masks}
    prompt["8"] = {"class_type": "ImageToMask", "inputs": {"image": ["7", 0], "channel": "red"}}
    prompt["2"]["inputs"]["alpha"] = ["8", 0]
    (run,) = server.queue(prompt)
    assert run["state"] == "execution_error"
    assert "2 pictures" in run["error"]["exception_message"]


def test_pictures_with_transparency_and_odd_sizes(server: Server) -> None:
    save_noise(server, "odd.png", 37, 211, "RGBA")
    rgba = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "odd.png"}},
        "2": {"class_type": "JoinImageWithAlpha", "inputs": {"image": ["1", 0], "alpha": ["1", 1]}},
        "3": {"class_type": "U2Matte", "inputs": {"image": ["2", 0], "preprocess": "default", "refine": "guided", "edge_width": 12.0}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 2], "filename_prefix": "odd"}},
    }
    (run,) = server.queue(rgba)
    assert run["state"] == "execution_success", run["error"]
    assert Image.open(run["files"]["4"][0]).size == (37, 211)
    assert Image.open(run["files"]["4"][0]).mode == "RGBA"


def test_a_picture_that_nobody_needs_is_never_worked_out(server: Server) -> None:
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "ImageBlur", "inputs": {"image": ["1", 0], "blur_radius": 3, "sigma": 1.0 + next(COUNTER) / 64}},
        "3": copy.deepcopy(prompt_of("remove_background")["2"]),
    }
    prompt["3"]["inputs"] |= {"image": ["1", 0], "background": ["2", 0]}
    for fill, worked in (("transparent", False), ("colour", False), ("blurred", False), ("picture", True)):
        prompt["3"]["inputs"]["fill"] = fill
        (run,) = server.queue(prompt)
        assert run["state"] == "execution_success", run["error"]
        assert ("2" in run["seconds"]) == worked, fill
        assert difference(run["files"]["3"], expected(prompt, server.base.folder / "input")["3"]) <= 1


def test_a_replaced_model_file_is_used(server: Server) -> None:
    file = server.base.folder / "models" / "u2net" / "mine" / "own.safetensors"
    file.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / "shared_core" / "weights" / "u2netp.safetensors", file)
    prompt = prompt_of("matting")
    prompt["2"]["inputs"]["model"] = "mine/own.safetensors"
    (first,) = server.queue(prompt)
    assert first["state"] == "execution_success", (first["error"], first["refused"])
    state = load_file(file)
    state["outconv.weight"] = -state["outconv.weight"]
    save_file(state, file)
    (second,) = server.queue(prompt)
    (mask,) = [node for node, content in prompt.items() if content["class_type"] == "MaskPreview"]
    assert mask not in second["cached"]
    assert (pixels(first["files"][mask][0]) - pixels(second["files"][mask][0])).abs().mean() > 0.1


class TestFolders:
    """The node that reads a folder."""

    @staticmethod
    def prompt(folder: str) -> dict[str, Any]:
        return {
            "1": {"class_type": "U2LoadFolder", "inputs": {"folder": folder}},
            "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        }

    def test_pictures_come_one_by_one_and_new_ones_are_seen(self, server: Server) -> None:
        (server.base.folder / "input" / "some" / "deeper").mkdir(parents=True)
        for number, size in enumerate([(40, 30), (25, 50)]):
            save_noise(server, f"some/deeper/{number}.png", *size)
        (server.base.folder / "input" / "some" / "deeper" / "notes.txt").write_text("no picture")
        first, second = server.queue(self.prompt("some/deeper"), repeat=2)
        assert [Image.open(file).size for file in first["files"]["2"]] == [(40, 30), (25, 50)]
        assert "1" in second["cached"]
        save_noise(server, "some/deeper/2.png", 8, 8)
        (third,) = server.queue(self.prompt("some/deeper"))
        assert len(third["files"]["2"]) == 3

    @pytest.mark.parametrize("name", ["nowhere", "../models", "", "/"])
    def test_only_folders_of_the_input_folder_are_read(self, server: Server, name: str) -> None:
        (run,) = server.queue(self.prompt(name))
        assert run["state"] == "refused"
        assert any(f"There is no folder '{name}'" in line for lines in run["refused"].values() for line in lines), run["refused"]

    def test_an_empty_folder_says_so(self, server: Server) -> None:
        (server.base.folder / "input" / "empty").mkdir()
        (run,) = server.queue(self.prompt("empty"))
        assert run["state"] == "execution_error"
        assert "There is no picture in the folder 'empty'" in run["error"]["exception_message"]


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_prompts_of_every_release_still_run(server: Server, path: Path) -> None:
    prompt = json.loads(path.read_text(encoding="utf-8"))
    if missing := {content["class_type"] for content in prompt.values()} - set(server.get("/object_info")):
        pytest.skip(f"this ComfyUI has no {', '.join(sorted(missing))}")
    (run,) = server.queue(prompt)
    assert run["state"] == "execution_success", (run["error"], run["refused"])


def test_a_file_that_is_no_model_says_so(server: Server) -> None:
    save_file({"weight": torch.zeros(3)}, server.base.folder / "models" / "u2net" / "other.safetensors")
    (server.base.folder / "models" / "u2net" / "broken.safetensors").write_bytes(b"not a model")
    for name, says in (("other", "holds none of the networks known here"), ("broken", "is damaged")):
        prompt = prompt_of("matting")
        prompt["2"]["inputs"]["model"] = f"{name}.safetensors"
        (run,) = server.queue(prompt)
        assert run["state"] == "refused"
        assert any(says in line for lines in run["refused"].values() for line in lines), run["refused"]


def test_errors_speak_the_language_of_the_settings(server: Server) -> None:
    server.post("/settings", {"Comfy.Locale": "zh"})
    try:
        (run,) = server.queue(refine_prompt("u2studio_portrait.jpg", ["1", 1]))
    finally:
        server.post("/settings", {"Comfy.Locale": "en"})
    assert any("一" <= letter <= "鿿" for letter in run["error"]["exception_message"]), run["error"]
