"""What a matting recipe builds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from u2studio.shared_core.errors import BadInput, ModelMissing
from u2studio.shared_core.training.matting.losses import deep_supervision
from u2studio.shared_core.training.matting.networks import build_network
from u2studio.shared_core.training.matting.settings import Loss, NetworkSettings

SIZE = 40


def picture(batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def learned(network: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Gradients after one backward pass, and statistics."""
    network.train()
    truth = (picture()[:, :1] > 0).float()
    torch.stack(list(deep_supervision(network(picture()), truth, Loss(), 0).values())).sum().backward()
    return {name: one.grad for name, one in network.named_parameters() if one.grad is not None}, dict(network.named_buffers())


def test_checkpointing_changes_nothing() -> None:
    torch.manual_seed(0)
    plain, kept = build_network(NetworkSettings()), build_network(NetworkSettings(checkpointing=True))
    kept.load_state_dict(plain.state_dict())
    (gradients, buffers), (other_gradients, other_buffers) = learned(plain), learned(kept)
    assert list(gradients) == list(other_gradients)
    assert all(torch.equal(gradients[name], other_gradients[name]) for name in gradients)
    assert all(torch.equal(buffers[name], other_buffers[name]) for name in buffers), "statistics are counted once"


def test_checkpointing_keeps_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(network: nn.Module) -> int:
        total = 0

        def note(tensor: Tensor) -> Tensor:
            nonlocal total
            total += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            network.train()(picture())
        return total

    assert kept(build_network(NetworkSettings(checkpointing=True))) < kept(build_network(NetworkSettings())) / 4


def test_starts_from_the_embedded_weights(load_photo: Callable[[str], Tensor]) -> None:
    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.load import load
    from u2studio.shared_core.models.store import find

    network = build_network(NetworkSettings(start="u2netp")).eval()
    with torch.inference_mode():
        expected = load(card("u2netp"), find(card("u2netp")), torch.device("cpu"))(picture())[0]
        assert torch.equal(network(picture())[0], expected)


def test_starts_from_a_file_of_its_own(tmp_path: Path) -> None:
    first = build_network(NetworkSettings())
    save_file(first.state_dict(), tmp_path / "mine.safetensors")
    second = build_network(NetworkSettings(start=str(tmp_path / "mine.safetensors")))
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


def test_another_network_s_weights_are_refused() -> None:
    with pytest.raises(BadInput, match=r"holds U²-NetP.*network is U²-Net,"):
        build_network(NetworkSettings(name="u2net", start="u2netp"))
    with pytest.raises((BadInput, ModelMissing)):
        build_network(NetworkSettings(start="nowhere.safetensors"))


def test_stages_in_float32_bring_bf16_near() -> None:
    """On the authors' weights, plain bf16 errs ten times as much (a large channel of stage2d is cancelled)."""

    def alpha(settings: NetworkSettings, low: bool) -> Tensor:
        network = build_network(settings).eval()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            return network(picture(1).repeat_interleave(4, 2).repeat_interleave(4, 3))[0].float().sigmoid()

    exact, plain = alpha(NetworkSettings(start="u2netp"), False), alpha(NetworkSettings(start="u2netp"), True)
    kept = alpha(NetworkSettings(start="u2netp", fp32_stages=("stage2d", "stage1d")), True)
    assert (kept - exact).abs().mean() < (plain - exact).abs().mean() / 2


def test_an_unknown_stage_is_named() -> None:
    with pytest.raises(BadInput, match=r"'stage2e'.* → stage2\?"):
        build_network(NetworkSettings(fp32_stages=("stage2e",)))


def test_xavier_draws_as_wide_as_the_paper_says() -> None:
    torch.manual_seed(0)
    weight = build_network(NetworkSettings(init="xavier")).get_parameter("stage1.rebnconv2.conv_s1.weight")
    bound = (6 / (9 * 16 + 9 * 16)) ** 0.5
    assert weight.abs().max().item() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
