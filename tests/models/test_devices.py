from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
import torch

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.models import devices
from u2studio.shared_core.models.devices import choose_device, choose_precision, unused_gpu


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch):
    """A machine without any; what `auto` found before is forgotten before and after."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(devices, "_has_nvidia_driver", lambda: False)
    monkeypatch.setattr(devices, "DRIVERS", ())
    monkeypatch.setattr(devices, "WINDOWS_DRIVERS", ())
    devices._automatic.cache_clear()
    yield monkeypatch
    devices._automatic.cache_clear()


def test_auto_without_a_gpu_is_the_cpu_and_silent(no_gpu, caplog: pytest.LogCaptureFixture) -> None:
    assert choose_device("auto") == "cpu"
    assert not caplog.records


def test_auto_says_once_why_a_gpu_stays_unused(no_gpu, caplog: pytest.LogCaptureFixture) -> None:
    no_gpu.setattr(devices, "_has_nvidia_driver", lambda: True)
    no_gpu.setattr(torch.version, "cuda", None)
    with caplog.at_level(logging.WARNING):
        assert choose_device("auto") == choose_device("auto") == "cpu"
    assert len(caplog.records) == 1
    assert "built without CUDA" in caplog.text


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has a GPU always")
def test_pytorch_is_asked_only_where_there_may_be_a_gpu(no_gpu) -> None:
    no_gpu.setattr(torch.cuda, "is_available", lambda: pytest.fail("asked"))
    assert choose_device("auto") == choose_device("cpu") == "cpu"


def test_an_old_driver_is_named(no_gpu) -> None:
    no_gpu.setattr(devices, "_has_nvidia_driver", lambda: True)
    no_gpu.setattr(torch.version, "cuda", "13.0")
    assert "driver does not fit" in (unused_gpu() or "")


def test_auto_takes_cuda_then_mps(no_gpu, tmp_path: Path) -> None:
    no_gpu.setattr(devices, "DRIVERS", (str(tmp_path),))
    no_gpu.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == "mps"
    devices._automatic.cache_clear()
    no_gpu.setattr(torch.cuda, "is_available", lambda: True)
    no_gpu.setattr(torch.cuda, "device_count", lambda: 2)
    no_gpu.setattr(devices, "_computes", lambda device: device == "cuda:1")
    assert choose_device("auto") == "cuda:1"


def test_a_gpu_without_code_for_it_is_left_and_named(no_gpu, caplog: pytest.LogCaptureFixture) -> None:
    no_gpu.setattr(devices, "_has_nvidia_driver", lambda: True)
    no_gpu.setattr(torch.cuda, "is_available", lambda: True)
    no_gpu.setattr(torch.cuda, "device_count", lambda: 1)
    no_gpu.setattr(torch.cuda, "get_device_name", lambda index: "GeForce GTX 480")
    no_gpu.setattr(torch.cuda, "get_arch_list", lambda: ["sm_90"])
    no_gpu.setattr(devices, "_computes", lambda device: False)
    assert choose_device("auto") == "cpu"
    assert "GeForce GTX 480 is here" in caplog.text
    assert "sm_90" in caplog.text


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7", "mps", "gpu", "", "cuda:", "cpu:0"])
def test_devices_that_are_not_there(no_gpu, name: str) -> None:
    with pytest.raises(BadInput, match=rf"no device '{name}' here; there are: auto, cpu\."):
        choose_device(name)


def test_the_refusal_says_why(no_gpu) -> None:
    no_gpu.setattr(devices, "_has_nvidia_driver", lambda: True)
    no_gpu.setattr(torch.version, "cuda", None)
    with pytest.raises(BadInput, match="built without CUDA"):
        choose_device("cuda")


def test_precisions() -> None:
    assert [choose_precision(name) for name in ("auto", "fp32", "bf16", "fp16")] == ["fp32", "fp32", "bf16", "fp16"]
    with pytest.raises(BadInput, match="no precision 'fp8'; there are: auto, fp32, bf16, fp16"):
        choose_precision("fp8")
