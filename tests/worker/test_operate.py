"""The worker gives what `run()` gives, in whatever type it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from u2studio.shared_core import BadInput, Cancelled, run
from u2studio.shared_core.errors import U2StudioError
from u2studio.shared_core.models.cache import ModelCache
from u2studio.shared_core.progress import Progress, silent
from u2studio.shared_core.worker.calls import call
from u2studio.shared_core.worker.client import Answer
from u2studio.shared_core.worker.operate import DoorWork, operate
from u2studio.shared_core.worker.places import own_folder
from u2studio.shared_core.worker.protocol import Plane, ProtocolError

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
HEIGHT, WIDTH = 33, 47


@pytest.fixture(scope="module")
def models() -> ModelCache:
    return ModelCache("cpu", "fp32")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (1, HEIGHT, WIDTH, 3), np.uint8)


def _plane(picture: np.ndarray, kind: str, name: str = "image") -> Plane:
    scale = {"u8": 1.0, "u16": 257.0, "f32": 1 / 255}[kind]
    numbers = (picture[0] * scale).astype({"u8": "u1", "u16": "u2", "f32": "f4"}[kind])
    return Plane(name, kind, tuple(numbers.shape), bytearray(numbers.tobytes()))


def _values(plane: Plane) -> np.ndarray:
    kind, scale = {"u8": ("u1", 255.0), "u16": ("u2", 65535.0), "f32": ("f4", 1.0)}[plane.type]
    return np.frombuffer(plane.data, kind).astype("f4").reshape(plane.shape) / np.float32(scale)


def _asked(planes: list[Plane], models: ModelCache, operation: str = "matte", wanted: str = "alpha", kind: object = "f32", **params: object) -> Plane:
    request = {"operation": operation, "params": params, "wanted": {wanted: kind}}
    _, made = operate(request, {plane.name: plane for plane in planes}, models=models, progress=silent)
    return made[0]


def _called(
    command: list[str], image: np.ndarray, wanted: dict[str, str] | None = None, progress: Progress = silent, language: str = "en", **params: object
) -> Answer:
    return call("matte", params, [_plane(image, "u8")], wanted or {"alpha": "u8"}, command=command, progress=progress, language=language)


@pytest.mark.parametrize(("kind", "step"), [("u8", 1 / 255), ("u16", 1 / 65535), ("f32", 1e-6)])
def test_a_mask_is_the_doors_to_half_a_step(models: ModelCache, image: np.ndarray, kind: str, step: float) -> None:
    expected = run("matte", {"image": image}, {}, models=models, wanted=["alpha"])["alpha"][0]
    found = _asked([_plane(image, "u8")], models, kind=kind)
    assert (found.type, found.shape) == (kind, (HEIGHT, WIDTH))
    assert abs(_values(found) - expected).max() <= 0.501 * step


def test_sixteen_bits_in_are_floats_to_the_door(models: ModelCache, image: np.ndarray) -> None:
    expected = run("matte", {"image": image.astype(np.float32) / 255}, {}, models=models, wanted=["alpha"])["alpha"][0]
    assert abs(_values(_asked([_plane(image, "u16")], models)) - expected).max() < 1e-3


def test_colours_beyond_srgb_come_back_where_nothing_was_to_change(models: ModelCache) -> None:
    wide = np.full((HEIGHT, WIDTH, 3), (1.4, -0.2, 0.5), np.float32)
    planes = [
        Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(wide.tobytes())),
        Plane("alpha", "u8", (HEIGHT, WIDTH), bytearray(b"\xff" * HEIGHT * WIDTH)),
    ]
    found = _values(_asked(planes, models, "estimate_foreground", "foreground"))
    assert abs(found - wide).max() < 1e-6


def test_a_drawing_is_not_given_the_photos_colours_beyond_srgb(models: ModelCache) -> None:
    wide = np.full((HEIGHT, WIDTH, 3), (1.4, -0.2, 0.5), np.float32)
    planes = [Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(wide.tobytes()))]
    found = _values(_asked(planes, models, "line_drawing", "drawing", engine="classical"))
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_numbers_that_are_none_reach_no_network(models: ModelCache) -> None:
    odd = np.full((HEIGHT, WIDTH, 3), np.nan, np.float32)
    odd[5] = np.inf
    given = [Plane("image", "f32", (HEIGHT, WIDTH, 3), bytearray(odd.tobytes()))]
    assert np.isfinite(_values(_asked(given, models))).all()
    cutout = _values(_asked(given, models, wanted="cutout"))
    assert np.isfinite(cutout).all()
    assert (cutout[6:, :, :3] <= 1).all()


@pytest.mark.parametrize("request_", [
    {"operation": "matte", "params": {}}, {"operation": "matte", "params": [], "wanted": {"alpha": "u8"}}, {"operation": "matte", "params": {}, "wanted": {}},
    {"operation": "matte", "params": {}, "wanted": {"alpha": "f64"}}, {"operation": "matte", "params": {}, "wanted": {"alpha": 8}},
])  # fmt: skip
def test_a_malformed_request_is_refused(models: ModelCache, image: np.ndarray, request_: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        operate(request_, {"image": _plane(image, "u8")}, models=models, progress=silent)


@pytest.mark.parametrize(("part", "words"), [
    ({"operation": "mate"}, "no operation 'mate'"), ({"operation": "crop_face"}, "crop_face makes one picture for each face"),
    ({"params": {"edge_width": 1e9}}, "edge_width"), ({"wanted": {"mask": "u8"}}, "no output 'mask'"),
])  # fmt: skip
def test_what_the_door_refuses_is_refused_with_its_words(models: ModelCache, image: np.ndarray, part: dict[str, object], words: str) -> None:
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

    def test_a_call_is_run(self, command: list[str], models: ModelCache, image: np.ndarray) -> None:
        expected = run("matte", {"image": image}, {}, models=models)
        notes: list[str] = []
        wanted = {"alpha": "f32", "foreground": "u8", "cutout": "u8"}
        found = _called(command, image, wanted, lambda done, total, note: notes.append(note), language="zh_CN")
        assert list(found.planes) == list(wanted)
        assert abs(_values(found.planes["alpha"]) - expected["alpha"][0]).max() <= 1e-4
        for name in ("foreground", "cutout"):
            assert abs(255 * _values(found.planes[name]) - expected[name][0]).max() < 1.01
        assert found.provenance == expected.provenance
        assert any("主体" in note for note in notes)
        with pytest.raises(BadInput, match="edge_width"):
            _called(command, image, edge_width=-1.0)

        def stop(done: int, total: int, note: str) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            _called(command, image, progress=stop)

    def test_a_device_that_is_not_there_is_said_at_once(self, command: list[str], image: np.ndarray) -> None:
        with pytest.raises(U2StudioError, match="no device 'cuda:99'"):
            _called([*command[:-3], "cuda:99"], image)
        wait_until(lambda: not (own_folder() / "worker.json").exists())
