"""What a matting recipe builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from u2studio.shared_core.errors import BadInput, ModelMissing
from u2studio.shared_core.models.cards import Network, card
from u2studio.shared_core.models.engines.choice import open_model
from u2studio.shared_core.models.recognise import recognise
from u2studio.shared_core.networks.folding import fold_batch_norm
from u2studio.shared_core.networks.rsu import ConvUnit
from u2studio.shared_core.networks.u2net import U2Net
from u2studio.shared_core.training.matting.losses import deep_supervision
from u2studio.shared_core.training.matting.networks import build_network
from u2studio.shared_core.training.matting.pruning import pruned
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


def test_an_extra_level_is_deeper_and_known_again(tmp_path: Path) -> None:
    network = build_network(NetworkSettings(extra_level=True))
    assert len(learned(network)[0]) == len(list(network.parameters()))
    found = recognise(network.state_dict(), "file")
    assert found.network == Network(name="u2net", small=True, extra_level=True)
    save_file(network.state_dict(), tmp_path / "deep.safetensors")
    build_network(NetworkSettings(extra_level=True, start=str(tmp_path / "deep.safetensors")))
    with pytest.raises(BadInput, match="one level more"):
        build_network(NetworkSettings(start=str(tmp_path / "deep.safetensors")))


def test_pruning_by_nothing_changes_nothing() -> None:
    whole = build_network(NetworkSettings(start="u2netp")).eval()
    with torch.inference_mode():
        assert torch.equal(pruned(whole, 0.0).eval()(picture())[0], whole(picture())[0])


@pytest.mark.parametrize("batch_norm", [True, False], ids=["batch-norm", "folded"])
def test_channels_that_carry_nothing_are_the_ones_pruned(batch_norm: bool) -> None:
    """Where a quarter of the channels inside every stage is dead, pruning a quarter gives the same pictures."""
    torch.manual_seed(0)
    whole = U2Net(small=True, batch_norm=batch_norm).eval()
    for name, unit in whole.named_modules():
        if isinstance(unit, ConvUnit) and unit.conv_s1.out_channels == 16:
            dead = torch.randperm(16)[:4]
            with torch.no_grad():
                for parameter in (unit.conv_s1.weight, unit.conv_s1.bias, *unit.bn_s1.parameters()):
                    assert parameter is not None, name
                    parameter[dead] = 0
    smaller = pruned(whole, 0.25).eval()
    with torch.inference_mode():
        torch.testing.assert_close(smaller(picture())[0], whole(picture())[0], atol=1e-5, rtol=1e-5)
    assert recognise(smaller.state_dict(), "file").network == Network(name="u2net", small=True, mid=(12,) * 11)
    assert sum(one.numel() for one in smaller.parameters()) < 0.85 * sum(one.numel() for one in whole.parameters())


def test_pruned_weights_are_pruned_again(tmp_path: Path) -> None:
    save_file(build_network(NetworkSettings(start="u2netp", prune=0.25)).state_dict(), tmp_path / "pruned.safetensors")
    again = build_network(NetworkSettings(start=str(tmp_path / "pruned.safetensors"), prune=0.5))
    assert recognise(again.state_dict(), "file").network.mid == (6,) * 11
    assert learned(again)[0]


def test_separable_convolutions_are_few_and_known_again() -> None:
    network = build_network(NetworkSettings(separable=True))
    assert len(learned(network)[0]) == len(list(network.parameters()))
    assert recognise(network.state_dict(), "file").network == Network(name="u2net", small=True, separable=True)
    assert sum(one.numel() for one in network.parameters()) < 0.25 * 1_131_181
    folded = U2Net(small=True, separable=True, batch_norm=False)
    folded.load_state_dict(fold_batch_norm(network.state_dict()))
    with torch.inference_mode():
        torch.testing.assert_close(folded.eval()(picture())[0], network.eval()(picture())[0], atol=1e-5, rtol=1e-4)
    with pytest.raises(BadInput, match="do not go together"):
        build_network(NetworkSettings(separable=True, prune=0.5))


def test_separable_networks_run_in_the_reference_way(tmp_path: Path) -> None:
    network = build_network(NetworkSettings(separable=True)).eval()
    save_file(network.state_dict(), tmp_path / "separable.safetensors")
    described = replace(card("u2netp"), network=Network(name="u2net", small=True, separable=True))
    model = open_model(described, tmp_path / "separable.safetensors", "cpu")
    with torch.inference_mode():
        torch.testing.assert_close(model(picture(1))[0], network(picture(1))[0], atol=1e-5, rtol=1e-4)


def test_batch_norm_given_back_changes_nothing() -> None:
    folded = build_network(NetworkSettings(start="u2netp")).eval()
    restored = build_network(NetworkSettings(start="u2netp", unfold=True), pictures=picture).eval()
    other = picture(3).flip(2)
    with torch.inference_mode():
        for before, after in zip(folded(other), restored(other), strict=True):
            torch.testing.assert_close(after.sigmoid(), before.sigmoid(), atol=1e-4, rtol=0)
        batch_statistics = restored.train()(picture())[0]
        torch.testing.assert_close(batch_statistics.sigmoid(), folded(picture())[0].sigmoid(), atol=0.05, rtol=0)
    state = restored.eval().state_dict()
    assert recognise(state, "file").batch_norm
    assert (state["stage2d.rebnconv4d.bn_s1.running_var"] > 0).any()
