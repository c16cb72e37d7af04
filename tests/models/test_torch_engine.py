from __future__ import annotations

import pytest
import torch

from u2studio.shared_core.models.cache import ModelCache

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def batch() -> torch.Tensor:
    return torch.randn(2, 3, 96, 70, generator=torch.Generator().manual_seed(5))


def test_the_result_alone_or_with_side_outputs(batch: torch.Tensor) -> None:
    model = ModelCache("cpu", "fp32", "torch").get("u2netp")
    (alone,), everything = model(batch), model(batch, side_outputs=True)
    assert len(everything) == 7
    assert torch.equal(alone, everything[0])
    for one in everything:
        assert (one.shape, one.dtype, one.device) == ((2, 1, 96, 70), torch.float32, CPU)
        assert one.is_contiguous()


def test_pipelines_may_work_in_place_on_the_result(batch: torch.Tensor) -> None:
    (logits,) = ModelCache("cpu", "fp32", "torch").get("u2netp")(batch)
    before = batch.clone()
    logits.sigmoid_().mul_(0.5)
    assert float(logits.max()) <= 0.5
    assert torch.equal(batch, before)


def test_half_precisions_answer_in_float32(batch: torch.Tensor) -> None:
    (reference,) = ModelCache("cpu", "fp32", "torch").get("u2netp")(batch)
    (half,) = ModelCache("cpu", "bf16", "torch").get("u2netp")(batch)
    assert half.dtype == torch.float32
    assert not torch.equal(half, reference)
    assert float((half.sigmoid() - reference.sigmoid()).abs().mean()) < 0.1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA on this machine")
def test_cuda_agrees_with_the_cpu() -> None:
    picture = torch.randn(1, 3, 320, 320, generator=torch.Generator().manual_seed(5))
    on_cpu, on_cuda = (ModelCache(device, "fp32").get("u2netp")(picture, side_outputs=True) for device in ("cpu", "cuda"))
    for ours, theirs in zip(on_cuda, on_cpu, strict=True):
        assert ours.device == CPU
        assert float((ours.sigmoid() - theirs.sigmoid()).abs().max()) <= 1e-3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA on this machine")
def test_cuda_gives_the_hosts_settings_back() -> None:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    ModelCache("cuda", "fp32").get("u2netp")(torch.zeros(1, 3, 64, 64))
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark) == before
