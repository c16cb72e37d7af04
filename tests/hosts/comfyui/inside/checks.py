"""Checks that need ComfyUI's own modules in the process: memory, devices, stopping, tensors. Run by `test_inside.py` in ComfyUI's environment.

There is no GPU where these run: one is played by a load device that nothing is ever moved to.
"""

from __future__ import annotations

import gc
import importlib.util
import itertools
import os
import shutil
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

ROOT = Path(__file__).resolve().parents[4]
NAME = "a pack_x_0"


def _pack() -> ModuleType:
    """Our pack, imported as ComfyUI does, under a name that no package could have."""
    sys.path.insert(0, os.environ["COMFYUI_PATH"])
    sys.argv = ["main.py", "--cpu"]
    import comfy.options  # pyright: ignore[reportMissingImports]

    comfy.options.enable_args_parsing()
    spec = importlib.util.spec_from_file_location(NAME, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    assert spec is not None
    assert spec.loader is not None
    pack = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = pack
    spec.loader.exec_module(pack)
    return pack


PACK = _pack()
import comfy.model_management as management  # noqa: E402  # pyright: ignore[reportMissingImports]
from comfy_api.latest import io  # noqa: E402  # pyright: ignore[reportMissingImports]

models = importlib.import_module(f"{NAME}.u2net_nodes.models")
model_files = importlib.import_module(f"{NAME}.u2net_nodes.model_files")
nodes = importlib.import_module(f"{NAME}.u2net_nodes.nodes")
work = importlib.import_module(f"{NAME}.u2net_nodes.work")
schema = importlib.import_module(f"{NAME}.u2net_nodes.schema")
core = importlib.import_module(f"{NAME}.shared_core")
torch_engine = importlib.import_module(f"{NAME}.shared_core.models.engines.torch_engine")
GPU = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def _in_inference_mode() -> Iterator[None]:
    """As ComfyUI runs nodes."""
    model_files.register_folder()
    with torch.inference_mode():
        yield
    management.interrupt_current_processing(False)
    management.current_loaded_models.clear()
    gc.collect()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read, as they are."""
    files: list[str] = []
    real = models.open_model
    monkeypatch.setattr(models, "open_model", lambda card, path, *rest: files.append(path.name) or real(card, path, *rest))
    return files


@pytest.fixture
def tiny_gpu(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A device for at most `fits` pictures of a batch at once; everything that runs is noted with its place."""
    told: dict[str, Any] = {"fits": 99, "passes": [], "freed": 0}
    real = torch_engine.TorchModel.__call__

    def call(self: Any, batch: torch.Tensor, *, side_outputs: bool = False) -> list[torch.Tensor]:
        place = "cpu" if told["freed"] else "gpu"
        told["passes"].append((place, len(batch)))
        if place == "gpu" and len(batch) > told["fits"]:
            raise core.OutOfMemory("full")
        return real(self, batch, side_outputs=side_outputs)

    def free(_amount: float, device: torch.device, **_more: object) -> list[Any]:
        assert device == GPU
        told["freed"] += 1
        return []

    monkeypatch.setattr(torch_engine.TorchModel, "__call__", call)
    monkeypatch.setattr(models.management, "load_models_gpu", lambda *_all, **_named: None)
    monkeypatch.setattr(models.management, "free_memory", free)
    return told


def model_on_gpu() -> Any:
    model = models.ComfyModels().get("u2netp")
    model._resident.patcher.load_device = GPU
    return model


def node(name: str) -> Any:
    return next(one for one in nodes.node_classes() if one.__name__ == name)


def photo(batch: int = 1, size: int = 64, channels: int = 3) -> torch.Tensor:
    return torch.rand(batch, size, size + 5, channels, generator=torch.Generator().manual_seed(1))


def matte(image: torch.Tensor, **more: Any) -> Any:
    return node("U2Matte").execute(image=image, **{"preprocess": "default", "refine": "guided", "edge_width": 12.0, **more}).args


def test_a_full_device_gets_smaller_batches(tiny_gpu: dict[str, Any]) -> None:
    model, batch = model_on_gpu(), torch.rand(5, 3, 320, 320)
    whole = model(batch)[0]
    tiny_gpu.update(fits=2, passes=[])
    assert torch.allclose(model(batch)[0], whole, atol=1e-5)
    assert [size for _place, size in tiny_gpu["passes"]] == [5, 3, 2, 1, 2]


def test_a_device_too_small_for_one_leaves_it_to_the_cpu(tiny_gpu: dict[str, Any]) -> None:
    model = model_on_gpu()
    tiny_gpu.update(fits=0)
    assert model(torch.rand(1, 3, 320, 320))[0].shape == (1, 1, 320, 320)
    assert tiny_gpu["passes"] == [("gpu", 1), ("cpu", 1)]


def test_memory_that_runs_out_on_the_cpu_is_comfyuis_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_all: object, **_named: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(work, "run", full)
    with pytest.raises(management.OOM_EXCEPTION, match="do not fit into the memory of cpu"):
        matte(photo(3))


def test_a_batch_that_is_too_large_is_worked_picture_by_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photo(3)
    whole = matte(image)
    sizes: list[int] = []
    real = work.run

    def run(operation: str, images: dict[str, torch.Tensor], *rest: Any, **named: Any) -> Any:
        sizes.append(len(images["image"]))
        if sizes[-1] > 1:
            raise RuntimeError("CUDA out of memory")
        return real(operation, images, *rest, **named)

    monkeypatch.setattr(work, "run", run)
    single = matte(image)
    assert sizes == [3, 1, 1, 1]
    for one, other in zip(whole, single, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_what_is_cropped_by_its_content_is_never_split(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = photo(2), torch.zeros(2, 64, 69)
    mask[0, 5:20, 5:20] = mask[1, 30:50, 40:60] = 1
    whole = node("U2CropToSubject").execute(image=image, alpha=mask).args
    assert whole[0].shape == (2, 45, 55, 3)

    def full(*_all: object, **_named: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(work, "run", full)
    with pytest.raises(management.OOM_EXCEPTION):
        node("U2CropToSubject").execute(image=image, alpha=mask)


@pytest.mark.parametrize("state", ["NORMAL_VRAM", "LOW_VRAM", "NO_VRAM", "HIGH_VRAM", "SHARED"])
def test_every_way_of_sharing_memory_gives_the_same_mask(monkeypatch: pytest.MonkeyPatch, opened: list[str], state: str) -> None:
    """ComfyUI's own loading for --normalvram, --lowvram, --novram, …; the CPU is called a GPU, for which alone it makes a difference."""
    wanted = matte(photo())[0]
    management.unload_all_models()
    monkeypatch.setattr(management, "vram_state", management.VRAMState[state])
    monkeypatch.setattr(management, "is_device_cpu", lambda _device: False)
    for _ in range(2):
        assert torch.allclose(matte(photo())[0], wanted, atol=1e-5)
    assert len(opened) == 2
    management.unload_all_models()
    assert not management.current_loaded_models


def test_a_second_run_loads_nothing(opened: list[str]) -> None:
    matte(photo())
    matte(photo(2))
    assert opened == ["u2netp.safetensors"]


def test_no_model_survives_unload_models(opened: list[str]) -> None:
    matte(photo())
    network = weakref.ref(next(iter(models._residents.values())).model.network)
    assert len(management.current_loaded_models) == 1
    with torch.inference_mode(False):  # ComfyUI does this outside its inference mode
        management.unload_all_models()
    gc.collect()
    assert network() is None
    assert not models._residents
    assert not management.current_loaded_models
    matte(photo())
    assert len(opened) == 2


def test_few_models_are_kept(tmp_path: Path, opened: list[str]) -> None:
    embedded = ROOT / "shared_core" / "weights" / "u2netp.safetensors"
    for number in range(models.KEPT + 2):
        file = tmp_path / f"{number}.safetensors"
        shutil.copy(embedded, file)
        matte(photo(), model=model_files.ModelFile(core_card(), file))
    gc.collect()
    assert len(opened) == models.KEPT + 2
    assert len(management.current_loaded_models) == models.KEPT
    assert [Path(name).stem for name, *_rest in models._residents] == ["2", "3", "4", "5"]


def core_card() -> Any:
    return importlib.import_module(f"{NAME}.shared_core.models.cards").card("u2netp")


def test_networks_are_made_of_plain_tensors() -> None:
    network = models.ComfyModels().get("u2netp")._resident.model.network
    assert not [name for name, one in network.named_parameters() if one.is_inference()]


LOOKS = ("U2Matte", "U2RefineAlpha", "U2Trimap", "U2EstimateForeground", "U2CleanUp", "U2Despill", "U2DropShadow", "U2Composite", "U2CropToSubject", "U2Sheet")


def test_the_stop_button_is_looked_at_at_least_once_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 megapixels, every operation: the longest time between two looks is that of a pass of the network, and 0.3 s.

    In seconds of the processor, of all cores together, which other programs do not lengthen.
    """
    matte(photo())  # loads the network
    looks: list[float] = []
    passes: list[float] = []
    look, call = management.throw_exception_if_processing_interrupted, torch_engine.TorchModel.__call__

    def noted_look() -> None:
        looks.append(time.process_time())
        look()

    def noted_call(self: Any, *rest: Any, **named: Any) -> Any:
        start = time.process_time()
        made = call(self, *rest, **named)
        passes.append(time.process_time() - start)
        return made

    monkeypatch.setattr(management, "throw_exception_if_processing_interrupted", noted_look)
    monkeypatch.setattr(torch_engine.TorchModel, "__call__", noted_call)
    rows, columns = torch.arange(1500)[:, None] - 750, torch.arange(2000)[None] - 1000
    mask = (rows**2 + columns**2 < 500**2).float()[None]
    image = torch.lerp(torch.rand(1, 1500, 2000, 3) * 0.3, torch.ones(()), mask[..., None] * 0.7)
    linked = {"image": image, "foreground": image, "alpha": mask}
    longest: dict[str, float] = {}
    for name in LOOKS:
        takes = {one.id for one in next(one for one in nodes.all_nodes() if one.id == name).slots}
        looks[:] = [time.process_time()]
        node(name).execute(**{key: value for key, value in linked.items() if key in takes})
        looks.append(time.process_time())
        longest[name] = max(later - sooner for sooner, later in itertools.pairwise(looks))
    print({name: round(seconds, 2) for name, seconds in longest.items()}, "pass", [round(one, 2) for one in passes])  # noqa: T201
    assert max(longest.values()) <= max(passes) + 0.3, longest


def test_stopping_raises_comfyuis_own_exception_and_only_once() -> None:
    management.interrupt_current_processing(True)
    with pytest.raises(management.InterruptProcessingException):
        matte(photo())
    matte(photo())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_pictures_of_other_number_formats(dtype: torch.dtype) -> None:
    made, reference = matte(photo().to(dtype)), matte(photo().to(dtype).float())
    assert {one.dtype for one in made} == {torch.float32}
    assert torch.equal(made[0], reference[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_in_half_precision(tmp_path: Path, dtype: torch.dtype) -> None:
    from safetensors.torch import load_file, save_file

    embedded = load_file(ROOT / "shared_core" / "weights" / "u2netp.safetensors")
    rounded = {key: value.to(dtype) if value.is_floating_point() else value for key, value in embedded.items()}
    save_file(rounded, half := tmp_path / "half.safetensors")
    save_file({key: value.float() if value.is_floating_point() else value for key, value in rounded.items()}, whole := tmp_path / "whole.safetensors")
    half_alpha, whole_alpha = (matte(photo(), model=model_files.ModelFile(core_card(), file))[0] for file in (half, whole))
    assert torch.equal(half_alpha, whole_alpha)  # ComfyUI gets float32, whatever the file holds


def test_values_that_overshoot_are_cut_and_nan_is_named() -> None:
    assert matte(photo() * 1.1 - 0.05)[0].shape == (1, 64, 69)
    broken = photo()
    broken[0, 3, 3, 0] = float("nan")
    with pytest.raises(Exception, match="image holds numbers that are not finite"):
        matte(broken)


def test_inputs_stay_as_they_are_and_outputs_are_their_own() -> None:
    image, mask = photo(2), torch.rand(64, 69)
    before = image.clone(), mask.clone()
    made = [*matte(image), *node("U2RefineAlpha").execute(image=image, alpha=mask, edge_width=0.0).args]
    made += node("U2EstimateForeground").execute(image=image, alpha=mask).args
    assert torch.equal(image, before[0])
    assert torch.equal(mask, before[1])
    for one in made:
        assert one.is_contiguous()
        assert one.data_ptr() not in (image.data_ptr(), mask.data_ptr())
        assert float(one.min()) >= 0
        assert float(one.max()) <= 1


@pytest.mark.parametrize("method", ["none", "auto"])
def test_a_preview_is_sent_where_the_user_wants_one(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    import comfy.utils  # pyright: ignore[reportMissingImports]
    from comfy.cli_args import LatentPreviewMethod, args  # pyright: ignore[reportMissingImports]

    sent: list[Any] = []
    monkeypatch.setattr(args, "preview_method", LatentPreviewMethod(method))
    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, preview, node_id=None: sent.append(preview))
    matte(photo())
    node("U2Trimap").execute(alpha=torch.rand(1, 9, 7), inside=1.0, outside=1.0)
    shown = [one for one in sent if one]
    assert [(kind, picture.size, picture.mode) for kind, picture, _limit in shown] == (
        [] if method == "none" else [("JPEG", (69, 64), "RGB"), ("JPEG", (7, 9), "RGB")]
    )


def test_keywords_of_other_versions_are_left_out() -> None:
    made = schema._made(io.Schema, node_id="U2Test", display_name="Test", category="x", search_aliases=["no such keyword here"])
    assert made.node_id == "U2Test"
    assert schema._made(io.Float.Input, "x", default=1.0, gradient_stops=[]).id == "x"


def test_a_cards_file_is_found_in_comfyuis_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import folder_paths  # pyright: ignore[reportMissingImports]

    def nowhere(card: Any) -> Path:
        raise core.ModelMissing("nowhere")

    file = tmp_path / "u2netp.safetensors"
    shutil.copy(ROOT / "shared_core" / "weights" / "u2netp.safetensors", file)
    folder_paths.add_model_folder_path("u2net", str(tmp_path))
    monkeypatch.setattr(model_files, "find", nowhere)
    monkeypatch.setattr(model_files, "where", lambda card: ())
    model_files._cards_here.cache_clear()
    try:
        assert model_files.choices()[0] == "u2netp"
        assert model_files.model_file("u2netp").path == file
        model_files.check_model("u2netp", "matting")
    finally:
        model_files._cards_here.cache_clear()


def test_the_extra_folder_of_the_users_file_is_kept() -> None:
    import folder_paths  # pyright: ignore[reportMissingImports]

    folder_paths.folder_names_and_paths["u2net"] = (["/elsewhere/u2net"], set())
    model_files.register_folder()
    paths, extensions = folder_paths.folder_names_and_paths["u2net"]
    assert paths[0] == "/elsewhere/u2net"
    assert str(Path(folder_paths.models_dir) / "u2net") in paths
    assert extensions == {".safetensors"}


def test_a_notice_stands_under_its_node_and_in_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from comfy_execution.utils import CurrentNodeContext  # pyright: ignore[reportMissingImports]

    told: list[tuple[str, str]] = []

    class Server:
        instance: Any

        def send_progress_text(self, text: str, node_id: str) -> None:
            told.append((text, node_id))

    Server.instance = Server()
    monkeypatch.setitem(sys.modules, "server", SimpleNamespace(PromptServer=Server))
    sentence = "No subject was found in the picture."
    with CurrentNodeContext("a prompt", "7"):
        work.perform(core.operation("matte"), {"image": torch.full((1, 40, 50, 3), 0.5)}, {}, models.ComfyModels())
    assert told == [(sentence, "7")]
    assert sentence in caplog.text
