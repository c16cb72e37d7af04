from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from u2studio.shared_core.models.engines.sides import outputs_of
from u2studio.shared_core.networks.half_precision import fit_for_half_precision, measure_units, split_picture
from u2studio.shared_core.networks.isnet import ISNet
from u2studio.shared_core.networks.u2net import U2Net

ov = pytest.importorskip("openvino")


def trained(network: nn.Module) -> nn.Module:
    """As a network is after training, as far as that matters here: signals keep their size from unit to unit, and there are biases."""
    random = torch.Generator().manual_seed(0)
    for one in network.modules():
        if isinstance(one, nn.Conv2d):
            nn.init.normal_(one.weight, std=1.1 / (one.weight[0].numel()) ** 0.5, generator=random)
            assert one.bias is not None
            nn.init.normal_(one.bias, std=0.3, generator=random)
    return network.eval()


@pytest.mark.parametrize("network", [U2Net(small=True, out_channels=4, batch_norm=False), ISNet(batch_norm=False)], ids=["U2Net of four", "ISNet"])
@pytest.mark.parametrize("precision", ["f32", "rewritten f32"])
@torch.inference_mode()
def test_every_output_is_the_networks(network: nn.Module, precision: str) -> None:
    from u2studio.shared_core.models.engines.openvino_graph import drawn

    picture = torch.randn(1, 3, 48, 71, generator=torch.Generator().manual_seed(1))
    expected = trained(network)(picture)
    if precision != "f32":
        network = fit_for_half_precision(network, measure_units(network, picture), torch.bfloat16, stored=torch.float32)
    request = ov.Core().compile_model(drawn(network, 3, 48, 71), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    place = request.input_tensors[0].data
    place[:] = (split_picture(picture) if place.shape[1] == 9 else picture).numpy()
    request.infer()
    results = [one.data for one in request.output_tensors]
    found = outputs_of(results, 48, 71, first_alone=False)
    allowed = 1e-4 if precision == "f32" else 0.05  # its weights are rounded to bf16
    for one, other in zip(found, expected, strict=True):
        assert float((torch.from_numpy(one)[None] - other).std() / other.std()) < allowed
    (first,) = outputs_of(results, 48, 71, first_alone=True)
    np.testing.assert_allclose(first, found[0], rtol=1e-4, atol=1e-4)
