"""What learns: a task's modules, their optimizers and their moving average; one step of it; its state for a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..errors import ModelCorrupt, OutOfMemory
from ..models.memory import is_exhausted
from .average import MovingAverage
from .machine import Machine
from .order import seed_of
from .rate import share_at
from .recipe import Core, Optimizer
from .run_folder import State
from .task import Phase, Task

__all__ = ["Learner"]

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


class Learner:
    """The modules of a task on their way. Built from the recipe's seed; `restore` brings back a checkpoint's state."""

    def __init__(self, core: Core, task: Task, machine: Machine) -> None:
        self.core, self.task, self.machine = core, task, machine
        torch.manual_seed(core.seed)
        self.modules = {name: machine.placed(module) for name, module in task.build().items()}
        self.optimizers = {phase.name: _optimizer(self._settings(phase), self._trained(phase)) for phase in task.phases}
        self.average = MovingAverage({name: self.modules[name] for name in task.results}, core.average.decay) if core.average.decay else None
        self.shared = {name: machine.shared(self.modules[name]) for phase in task.phases for name in phase.trains}

    def learn(self, step: int, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """One step, every phase in turn; the losses, without gradients. All chance in it comes from the seed and the step."""
        torch.manual_seed(seed_of(self.core.seed, step, self.machine.rank))
        try:
            return self._step(step, batch)
        except Exception as error:
            if not is_exhausted(error):
                raise
            raise OutOfMemory("A training step does not fit into the memory of {device}: lower batch, or data.crop, or set network.checkpointing=true.",
                              device=str(self.machine.device)) from None  # fmt: skip

    def _step(self, step: int, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        noted: dict[str, Tensor] = {}
        for phase in self.task.phases:
            terms = self._phase(phase, step, batch)
            prefix = "" if len(self.task.phases) == 1 else f"{phase.name}/"
            noted |= {f"{prefix}loss": torch.stack(list(terms.values())).sum(), **{f"{prefix}{name}": term for name, term in terms.items()}}
        if self.average:
            self.average.update(step)
        return noted

    def _phase(self, phase: Phase, step: int, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        optimizer, settings = self.optimizers[phase.name], self._settings(phase)
        for name, module in self.modules.items():
            _set_mode(module, training=name in phase.trains, frozen_norm=self.core.freeze_batch_norm)
        optimizer.zero_grad(set_to_none=True)
        # modules that only pass gradients on are used unwrapped: there is nothing to share between processes
        modules = {name: self.shared[name] if name in phase.trains else module for name, module in self.modules.items()}
        with self.machine.autocast():
            terms = {name: term.float() for name, term in self.task.losses(phase.name, modules, batch, step).items()}
        self.machine.backward(torch.stack(list(terms.values())).sum())
        if settings.clip:
            nn.utils.clip_grad_norm_(self._trained(phase), settings.clip)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * share_at(self.core.rate, step, self.core.steps)
        optimizer.step()
        return {name: term.detach() for name, term in terms.items()}

    @contextmanager
    def outcome_shown(self) -> Iterator[None]:
        """While inside, the modules hold what would be the outcome now, ready to be used."""
        for module in self.modules.values():
            module.eval()
        with self.average.shown() if self.average else nullcontext(), torch.inference_mode():
            yield

    def outcome(self) -> dict[str, dict[str, Tensor]]:
        """Module → weights that would be the outcome now, copied to the CPU."""
        return _on_cpu(self.average.state if self.average else {name: self.modules[name].state_dict() for name in self.task.results})

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """Module → weights as they are now, copied to the CPU."""
        return _on_cpu({name: module.state_dict() for name, module in self.modules.items()})

    def averages(self) -> dict[str, dict[str, Tensor]]:
        """Module → moving average, copied to the CPU; empty where there is none."""
        return _on_cpu(self.average.state) if self.average else {}

    def restore(self, weights: Mapping[str, State], averages: Mapping[str, State], optimizers: Mapping[str, Any]) -> None:
        """Bring back a checkpoint's state. Raises: ModelCorrupt, when it is not of these modules."""
        try:
            for name, module in self.modules.items():
                module.load_state_dict(weights[name])
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(optimizers[name])
            for name, state in (self.average.state if self.average else {}).items():
                for key, value in state.items():
                    value.copy_(averages[name][key])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelCorrupt("The checkpoint is not of this recipe's networks: {reason}", reason=str(error).split("\n", 1)[0]) from None

    def _settings(self, phase: Phase) -> Optimizer:
        return phase.optimizer or self.core.optimizer

    def _trained(self, phase: Phase) -> list[nn.Parameter]:
        return [parameter for name in phase.trains for parameter in self.modules[name].parameters() if parameter.requires_grad]


def _optimizer(settings: Optimizer, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    own = {"momentum": settings.momentum} if settings.name == "sgd" else {"betas": settings.betas, "eps": settings.eps}
    return OPTIMIZERS[settings.name](parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, **own)


def _set_mode(module: nn.Module, *, training: bool, frozen_norm: bool) -> None:
    module.train(training)
    if frozen_norm:
        for one in module.modules():
            if isinstance(one, _BatchNorm):
                one.eval()


def _on_cpu(states: Mapping[str, State]) -> dict[str, dict[str, Tensor]]:
    return {name: {key: value.detach().cpu().clone(memory_format=torch.contiguous_format) for key, value in state.items()} for name, state in states.items()}
