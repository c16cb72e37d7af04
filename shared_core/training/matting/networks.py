"""The network a matting recipe asks for, with its weights to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ...errors import BadInput
from ...models.cards import Network, card, cards
from ...models.convert import read_checkpoint
from ...models.prepare import prepare
from ...networks.u2net import U2Net
from ...spec.check import closest
from .pruning import pruned
from .settings import NetworkSettings
from .unfold import unfolded

__all__ = ["build_network"]


def build_network(settings: NetworkSettings, classes: int = 1, pictures: Callable[[], Tensor] | None = None) -> U2Net:
    """The network, on the CPU, ready to train. Start weights of a network with other classes give all but the heads.

    Args:
        settings: the recipe's.
        classes: channels of its answer.
        pictures: gives some training pictures [B, C, H, W] as the network is fed, where `settings.unfold` asks for batch-norm.
    Raises: BadInput or ModelCorrupt, when the start weights are not there, or are another network's.
    """
    network = _started(settings, classes) if settings.start else _fresh(settings, classes)
    if settings.init == "xavier" and not settings.start:
        network.apply(_xavier)
    if settings.unfold and pictures and not any(isinstance(one, _BatchNorm) for one in network.modules()):
        network = unfolded(network, pictures())
    if settings.prune and settings.separable:
        raise BadInput("network.prune and network.separable do not go together; take one.")
    if settings.prune:
        network = pruned(network, settings.prune)
    stages = {name: stage for name, stage in network.named_children() if name.startswith("stage")}
    for name in settings.fp32_stages:
        if name not in stages:
            raise BadInput("{name} is {value}; it must be one of: {choices}.{hint}",
                           name="network.fp32_stages", value=repr(name), choices=", ".join(stages), hint=closest(name, stages))  # fmt: skip
        stages[name].forward = _InFloat32(stages[name].forward)
    if settings.checkpointing:
        for stage in stages.values():
            stage.forward = _Recomputed(stage)
    return network


def _fresh(settings: NetworkSettings, classes: int) -> U2Net:
    return U2Net(out_channels=classes, small=settings.name == "u2netp", extra_level=settings.extra_level, separable=settings.separable)


def _started(settings: NetworkSettings, classes: int) -> U2Net:
    file = prepare(card(settings.start)) if settings.start in {one.id for one in cards()} else Path(settings.start).expanduser()
    found = read_checkpoint(file)
    wanted = Network(name="u2net", small=settings.name == "u2netp", out_channels=classes, extra_level=settings.extra_level,
                     separable=settings.separable, mid=found.network.mid)  # fmt: skip
    if replace(found.network, out_channels=classes) != wanted:
        raise BadInput("{file} holds {found}; the recipe's network is {expected}.", file=file.name, found=str(found.network), expected=str(wanted))
    network = U2Net(out_channels=classes, small=wanted.small, batch_norm=found.batch_norm, extra_level=wanted.extra_level,
                    separable=wanted.separable, mid=wanted.mid)  # fmt: skip
    own = network.state_dict()
    network.load_state_dict({key: value if value.shape == own[key].shape else own[key] for key, value in found.state.items()})
    return network


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class _InFloat32:
    """A stage's forward outside of autocast."""

    def __init__(self, forward: Callable[[Tensor], Tensor]) -> None:
        self.forward = forward

    def __call__(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return self.forward(x.float())


class _Recomputed:
    """A stage's forward that keeps only its input, and runs again for the gradient."""

    def __init__(self, stage: nn.Module) -> None:
        self.stage, self.forward = stage, stage.forward

    def __call__(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return self.forward(x)
        return checkpoint(self.forward, x, use_reentrant=False, context_fn=lambda: (nullcontext(), _statistics_kept(self.stage)))


@contextmanager
def _statistics_kept(stage: nn.Module) -> Iterator[None]:
    """While inside, batch-norms in training do not take the batch into their running statistics: the second run would count it twice."""
    norms = [(one, one.momentum, one.num_batches_tracked) for one in stage.modules() if isinstance(one, _BatchNorm) and one.training]
    for one, _, _ in norms:
        one.momentum = 0.0
    try:
        yield
    finally:
        for one, momentum, counter in norms:
            one.momentum = momentum
            if counter is not None:
                counter.sub_(1)
