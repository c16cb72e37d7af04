"""The worker gives what `run()` gives, in whatever type it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from u2studio.shared_core import BadInput, Cancelled, run
from u2studio.shared_core.errors import U2StudioError
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.progress import silent
from u2studio.shared_core.worker.operate import DoorWork, operate
from u2studio.shared_core.worker.places import own_folder
from u2studio.shared_core.worker.protocol import Plane, ProtocolError
from u2studio.shared_core.worker.remote import run_in_worker

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
HEIGHT, WIDTH = 33, 47


@pytest.fixture(scope="module")
def models() -> ModelCache:
    return ModelCache("cpu", "fp32")


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.randint(0, 256, (1, HEIGHT, WIDTH, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


def _plane(picture: torch.Tensor, kind: str, name: str = "image") -> Plane:
    scale = {"u8": 1.0, "u16": 257.0, "f32": 1 / 255}[kind]
    numbers = (picture[0].double() * scale).numpy().astype({"u8": "u1", "u16": "u2", "f32": "f4"}[kind])
    return Plane(name, kind, tuple(numbers.shape), bytearray(numbers.tobytes()))


def _values(plane: Plane) -> torch.Tensor:
    kind, scale = {"u8": ("u1", 255.0), "u16": ("u2", 65535.0), "f32": ("f4", 1.0)}[plane.type]
    import numpy as np

    return torch.from_numpy(np.frombuffer(plane.data, kind).astype("f4").reshape(plane.shape)) / scale


def _asked(planes: list[Plane], models: ModelCache, operation: str = "matte", wanted: str = "alpha", kind: object = "f32", **params: object) -> Plane:
    request = {"operation": operation, "params": params, "wanted": {wanted: kind}}
    _, made = operate(request, {plane.name: plane for plane in planes}, models=models, progress=silent)
    return made[0]


@pytest.mark.parametrize(("kind", "step"), [("u8", 1 / 255), ("u16", 1 / 65535), ("f32", 1e-6)])
def test_a_mask_is_the_doors_to_half_a_step(models: ModelCache, image: torch.Tensor, kind: str, step: float) -> None:
    expected = run("matte", {"image": image}, {}, models=models, wanted=["alpha"])["alpha"][0]
    found = _asked([_plane(image, "u8")], models, kind=kind)
    assert (found.type, found.shape) == (kind, (HEIGHT, WIDTH))
    assert (_values(found) - expected).abs().max() <= 0.501 * step


def test_sixteen_bits_in_are_floats_to_the_door(models: ModelCache, image: torch.Tensor) -> None:
    expected = run("matte", {"image": image.float() / 255}, {}, models=models, wanted=["alpha"])["alpha"][0]
    assert (_values(_asked([_plane(image, "u16")], models)) - expected).abs().max() < 1e-3


def test_colours_beyond_srgb_come_back_where_nothing_was_to_change(models: ModelCache) -> None:
    wide = torch.tensor([1.4, -0.2, 0.5]).expand(HEIGHT, WIDTH, 3).contiguous()
    planes = [
        Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(wide.numpy().tobytes())),
        Plane("alpha", "u8", (HEIGHT, WIDTH), bytearray(b"\xff" * HEIGHT * WIDTH)),
    ]
    found = _values(_asked(planes, models, "estimate_foreground", "foreground"))
    assert (found - wide).abs().max() < 1e-6


def test_a_drawing_is_not_given_the_photos_colours_beyond_srgb(models: ModelCache) -> None:
    wide = torch.tensor([1.4, -0.2, 0.5]).expand(HEIGHT, WIDTH, 3).contiguous()
    planes = [Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(wide.numpy().tobytes()))]
    found = _values(_asked(planes, models, "line_drawing", "drawing", engine="classical"))
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_numbers_that_are_none_reach_no_network(models: ModelCache) -> None:
    odd = torch.full((HEIGHT, WIDTH, 3), float("nan"))
    odd[5] = float("inf")
    alpha = _values(_asked([Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(odd.numpy().tobytes()))], models))
    assert alpha.isfinite().all()


@pytest.mark.parametrize("request_", [
    {"operation": "matte", "params": {}}, {"operation": "matte", "params": [], "wanted": {"alpha": "u8"}}, {"operation": "matte", "params": {}, "wanted": {}},
    {"operation": "matte", "params": {}, "wanted": {"alpha": "f64"}}, {"operation": "matte", "params": {}, "wanted": {"alpha": 8}},
])  # fmt: skip
def test_a_malformed_request_is_refused(models: ModelCache, image: torch.Tensor, request_: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        operate(request_, {"image": _plane(image, "u8")}, models=models, progress=silent)


@pytest.mark.parametrize(("part", "words"), [
    ({"operation": "mate"}, "no operation 'mate'"), ({"params": {"edge_width": 1e9}}, "edge_width"), ({"wanted": {"mask": "u8"}}, "no output 'mask'"),
])  # fmt: skip
def test_what_the_door_refuses_is_refused_with_its_words(models: ModelCache, image: torch.Tensor, part: dict[str, object], words: str) -> None:
    request = {"operation": "matte", "params": {}, "wanted": {"alpha": "u8"}, **part}
    with pytest.raises(BadInput, match=words):
        operate(request, {"image": _plane(image, "u8")}, models=models, progress=silent)


def test_status_names_device_and_models() -> None:
    described = DoorWork("cpu", "fp32").describe()
    assert described["device"] == "cpu"
    assert "u2netp" in described["models"]  # type: ignore[operator]


class TestTheRealWorker:
    """One real process, with torch and the embedded model."""

    @pytest.fixture
    def command(self, runtime: Path) -> list[str]:
        return [sys.executable, str(ROOT), "worker", "--precision", "fp32", "--device", "cpu", "--idle", "5"]

    def test_run_in_worker_is_run(self, command: list[str], models: ModelCache, image: torch.Tensor) -> None:
        batch = torch.cat([image, image.flip(1)])
        expected = run("matte", {"image": batch}, {}, models=models)
        notes: list[str] = []
        found = run_in_worker("matte", {"image": batch}, {}, command=command, progress=lambda done, total, note: notes.append(note), language="zh_CN")
        for name in ("alpha", "foreground", "cutout"):
            assert found[name].dtype == expected[name].dtype
            assert (found[name].float() - expected[name].float()).abs().max() <= (1e-4 if name == "alpha" else 1)
        assert found.provenance == expected.provenance
        assert any("主体" in note for note in notes)
        with pytest.raises(BadInput, match="edge_width"):
            run_in_worker("matte", {"image": image}, {"edge_width": -1.0}, command=command)

        def stop(done: int, total: int, note: str) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            run_in_worker("matte", {"image": image}, {}, command=command, progress=stop)

    def test_faces_are_refused(self, command: list[str], image: torch.Tensor) -> None:
        with pytest.raises(BadInput, match="crop_face makes one picture for each face"):
            run_in_worker("crop_face", {"image": image}, {}, command=command)

    def test_a_device_that_is_not_there_is_said_at_once(self, command: list[str], image: torch.Tensor) -> None:
        with pytest.raises(U2StudioError, match="no device 'cuda:99'"):
            run_in_worker("matte", {"image": image}, {}, command=[*command[:-3], "cuda:99"])
        wait_until(lambda: not (own_folder() / "worker.json").exists())
