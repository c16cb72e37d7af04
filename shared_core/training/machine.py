"""Where a run computes: one process by itself, or one of several that torchrun started, through Lightning Fabric."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed, nn

from ..errors import BadInput
from ..models.devices import choose_device
from .recipe import Core

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["Machine"]


class Machine:
    """The device of this process, and the ways in which several processes act as one."""

    def __init__(self, core: Core) -> None:
        self.world, self.rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
        self.fabric = _fabric(core.device, self.world) if self.world > 1 else None
        self.device = self.fabric.device if self.fabric else torch.device(choose_device(core.device))
        self.low_precision = core.precision == "bf16"
        if core.batch % self.world:
            raise BadInput("batch is {batch}; {processes} processes cannot share it evenly.", batch=core.batch, processes=self.world)

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and speaks."""
        return self.rank == 0

    def placed(self, module: nn.Module) -> nn.Module:
        """The module on the device, its convolutions' weights laid out channels-last."""
        return module.to(self.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def shared(self, module: nn.Module) -> nn.Module:
        """The module as all processes train it together: gradients become means over them."""
        return self.fabric.setup_module(module, move_to_device=False) if self.fabric else module

    def moved(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A batch on the device, pictures channels-last."""
        moved = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
        return {name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value for name, value in moved.items()}

    def workers(self, asked: int | None) -> int:
        """How many processes read samples for this one."""
        if asked is not None:
            return asked
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return 0 if self.device.type == "cpu" else min(8, max(1, cores // self.world))

    def autocast(self) -> AbstractContextManager[Any]:
        """Where networks run in the recipe's precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)

    def backward(self, loss: Tensor) -> None:
        if self.fabric:
            self.fabric.backward(loss)
        else:
            loss.backward()

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over all processes."""
        if not self.fabric:
            return values
        values = values.clone()
        distributed.all_reduce(values)
        return values / self.world

    def any(self, flag: bool) -> bool:
        """Whether any process says so; all get the same answer."""
        if not self.fabric:
            return flag
        told = torch.tensor(float(flag), device=self.device)
        distributed.all_reduce(told, distributed.ReduceOp.MAX)
        return bool(told.item())

    def gathered(self, mine: Sequence[Any]) -> list[Any]:
        """What every process measured on its share (rank, rank + world, …), in the order of the whole."""
        if not self.fabric:
            return list(mine)
        parts: list[list[Any]] = [[] for _ in range(self.world)]
        distributed.all_gather_object(parts, list(mine))
        return [parts[index % self.world][index // self.world] for index in range(sum(map(len, parts)))]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.fabric:
            self.fabric.barrier()


def _fabric(device: str, world: int) -> Fabric:
    try:
        from lightning_fabric import Fabric
    except ImportError:
        raise BadInput("Training in several processes needs Lightning Fabric; install it with: pip install u2studio[train]") from None
    local = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    accelerator = "cuda" if device.startswith("cuda") or (device == "auto" and torch.cuda.device_count() >= local) else "cpu"
    fabric = Fabric(accelerator=accelerator, devices=local, num_nodes=world // local, strategy="ddp", precision="32-true")
    fabric.launch()
    return fabric
