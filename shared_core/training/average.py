"""A moving average of weights, and putting it in the weights' place for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["MovingAverage"]


class MovingAverage:
    """The average of some modules' weights over the steps; counters and statistics of batch-norm are taken as they are.

    Early on it follows faster: at step n the share kept is at most (1 + n) / (10 + n), as in TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, modules: Mapping[str, nn.Module], decay: float) -> None:
        self.modules, self.decay = modules, decay
        self.state = {name: {key: value.detach().clone() for key, value in module.state_dict().items()} for name, module in modules.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        kept = min(self.decay, (1 + step) / (10 + step))
        for name, module in self.modules.items():
            learned = {key for key, _ in module.named_parameters()}
            for key, value in module.state_dict().items():
                if key in learned:
                    self.state[name][key].lerp_(value, 1 - kept)
                else:
                    self.state[name][key].copy_(value)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """While inside, the modules hold the average."""
        own = {name: {key: value.clone() for key, value in module.state_dict().items()} for name, module in self.modules.items()}
        _load(self.modules, self.state)
        try:
            yield
        finally:
            _load(self.modules, own)


def _load(modules: Mapping[str, nn.Module], states: Mapping[str, Mapping[str, Tensor]]) -> None:
    for name, module in modules.items():
        module.load_state_dict(states[name])
