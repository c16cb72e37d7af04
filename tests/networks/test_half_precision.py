from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from u2studio.shared_core.models.cards import Network, card
from u2studio.shared_core.models.load import load
from u2studio.shared_core.models.recognise import build
from u2studio.shared_core.models.store import EMBEDDED
from u2studio.shared_core.networks.half_precision import HalfUnit, cancelling_units, fit_for_half_precision, measure_units, split_picture
from u2studio.shared_core.networks.rsu import ConvUnit


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def embedded() -> nn.Module:
    return load(card("u2netp"), EMBEDDED / "u2netp.safetensors", torch.device("cpu"))


def planted(network: nn.Module) -> nn.Module:
    """Random weights with the fault: in one block, two channels 20,000 above the others, which the next unit's bias takes away."""
    generator = torch.Generator().manual_seed(3)
    for name, one in network.named_parameters():
        scale = 0.05 if one.ndim == 1 else (one[0].numel() / 2) ** -0.5
        one.data = torch.randn(one.shape, generator=generator) * scale * (0.02 if name.startswith("side") else 1)
    producer, consumer = network.get_submodule("stage2d.rebnconv3d.conv_s1"), network.get_submodule("stage2d.rebnconv2d.conv_s1")
    assert isinstance(producer, nn.Conv2d)
    assert isinstance(consumer, nn.Conv2d)
    assert producer.bias is not None
    assert consumer.bias is not None
    producer.bias.data[:2] += 20000
    consumer.bias.data -= 20000 * consumer.weight.data[:, :2].sum((1, 2, 3))
    return network.eval().requires_grad_(False)


def test_the_published_weights_cancel_in_two_places(embedded: nn.Module) -> None:
    facts = measure_units(embedded, noise(1, 3, 128, 128))
    assert [name for name, one in facts.items() if one.lowered is not None] == ["stage2d.rebnconv1d", "stage1d.rebnconv2d"]
    assert len(facts) == 112


@pytest.mark.parametrize("size", [(96, 70), (33, 47), (5, 3)], ids=lambda size: f"{size[1]}x{size[0]}")
def test_in_float32_it_is_the_same_function_at_any_size(embedded: nn.Module, size: tuple[int, int]) -> None:
    facts = measure_units(embedded, noise(1, 3, 96, 96))
    fit = fit_for_half_precision(embedded, {name: type(one)(torch.zeros_like(one.input_mean), one.lowered) for name, one in facts.items()}, torch.float32)
    picture = noise(1, 3, *size, seed=1)
    with torch.inference_mode():
        for ours, theirs in zip(fit(picture), embedded(picture), strict=True):
            torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=1e-4)


def test_bf16_strays_ten_times_less(embedded: nn.Module) -> None:
    import copy

    picture = noise(1, 3, 128, 128, seed=1).cumsum(2).cumsum(3) / 500
    fit = fit_for_half_precision(embedded, measure_units(embedded, noise(1, 3, 128, 128)), torch.bfloat16)
    plain = copy.deepcopy(embedded).bfloat16()
    with torch.inference_mode():
        exact, cured, spoilt = (network(one)[0].float().sigmoid() for network, one in ((embedded, picture), (fit, picture), (plain, picture.bfloat16())))
    assert float((cured - exact).abs().mean()) * 10 < float((spoilt - exact).abs().mean())


@pytest.mark.parametrize("network", [Network(name="u2net", small=True), Network(name="isnet")], ids=str)
def test_planted_faults_are_found_and_cured(network: Network) -> None:
    faulty = planted(build(network, batch_norm=False).to_empty(device="cpu"))
    facts = measure_units(faulty, noise(1, 3, 96, 96))
    assert [name for name, one in facts.items() if one.lowered is not None] == ["stage2d.rebnconv2d"]
    fit = fit_for_half_precision(faulty, facts, torch.bfloat16)
    plain = fit_for_half_precision(faulty, {name: type(one)(one.input_mean) for name, one in facts.items()}, torch.bfloat16)
    reached = noise(1, 128 if network.small else 256, 48, 48, seed=1).relu().bfloat16()
    with torch.inference_mode():
        exact = faulty.get_submodule("stage2d")(reached.float())
        cured, spoilt = (one.get_submodule("stage2d")(reached).float() for one in (fit, plain))
    assert float((cured - exact).abs().mean()) * 4 < float((spoilt - exact).abs().mean())


def test_the_network_itself_is_left_as_it_was(embedded: nn.Module) -> None:
    before = {name: one.clone() for name, one in embedded.state_dict().items()}
    fit_for_half_precision(embedded, measure_units(embedded, noise(1, 3, 96, 96)), torch.bfloat16)
    assert all(torch.equal(one, before[name]) for name, one in embedded.state_dict().items())


def test_a_split_picture_adds_up() -> None:
    picture = noise(2, 3, 8, 8)
    rounded, rest, again = split_picture(picture).chunk(3, 1)
    assert torch.equal(rounded + rest, picture)
    assert torch.equal(rounded, again)
    assert torch.equal(rounded, rounded.bfloat16().float())


def test_constants_stay_float32(embedded: nn.Module) -> None:
    fit = fit_for_half_precision(embedded, measure_units(embedded, noise(1, 3, 96, 96)), torch.bfloat16)
    units = [one for one in fit.modules() if isinstance(one, HalfUnit)]
    assert len(units) == 112
    assert {one.weight.dtype for one in units} == {torch.bfloat16}
    assert {one.bias.dtype for one in units} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_the_taps_of_a_kernel_add_up_to_what_they_did(embedded: nn.Module, dtype: torch.dtype) -> None:
    fit = fit_for_half_precision(embedded, measure_units(embedded, noise(1, 3, 96, 96)), dtype, stored=torch.float32)
    ours, singly = [], []
    for name, unit in embedded.named_modules():
        if isinstance(unit, ConvUnit) and name != "stage1.rebnconvin":  # whose rounding errors are channels of their own
            exact, rounded = unit.conv_s1.weight, fit.get_parameter(f"{name}.weight")
            assert torch.equal(rounded, rounded.to(dtype).float())
            ours.append((rounded - exact).sum((2, 3)).abs().mean())
            singly.append((exact.to(dtype).float() - exact).sum((2, 3)).abs().mean())
    assert len(ours) == 111
    assert sum(ours) * 10 < sum(singly)


def test_float32_rewrites_what_cancels_and_the_unit_before_it(embedded: nn.Module) -> None:
    facts = measure_units(embedded, noise(1, 3, 128, 128))
    fit = fit_for_half_precision(embedded, facts, torch.float32)
    rewritten = {name for name, one in fit.named_modules() if isinstance(one, HalfUnit)}
    assert rewritten == {"stage2d.rebnconv1d", "stage2d.rebnconv2d", "stage1d.rebnconv2d", "stage1d.rebnconv3d"}
    assert rewritten == cancelling_units(embedded, facts)


def test_what_is_added_is_flat_inside_to_the_bit(embedded: nn.Module) -> None:
    fit = fit_for_half_precision(embedded, measure_units(embedded, noise(1, 3, 128, 128)), torch.float32)
    unit = fit.get_submodule("stage1d.rebnconv2d")
    assert isinstance(unit, HalfUnit)
    added = unit.map(9, 12)
    assert torch.equal(added[:, 1:-1, 1:-1], unit.bias[:, None, None].expand(-1, 7, 10))
    assert not torch.equal(added[:, 0, 0], unit.bias)
