"""A recipe: what to train, on what, how long. The core's own settings here; a task adds its tables beside them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from ..errors import BadInput
from ..spec.check import closest
from .settings import Count, Positive, Range, Share, Table, as_table, changed, read_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

__all__ = ["Average", "Core", "Optimizer", "Rate", "Recipe", "SampleSheets", "Validation", "read_recipe", "recipe_names", "recipe_table", "toml_of", "written"]

SHIPPED = Path(__file__).parent / "recipes"
Settings = TypeVar("Settings")


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How weights follow their gradients."""

    name: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: Positive = 1e-3
    betas: tuple[Share, Share] = (0.9, 0.999)
    """of adam and adamw"""
    eps: Positive = 1e-8
    """of adam and adamw"""
    momentum: Share = 0.9
    """of sgd"""
    weight_decay: Positive = 0.0
    clip: Positive = 0.0
    """greatest length of the whole gradient; 0: as long as it is"""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The learning rate over the steps, as a share of the optimizer's."""

    warm_up: Count = 0
    """steps in which it rises from nothing"""
    hold: Count = 0
    """steps, the warm-up included, before it falls"""
    decay: Literal["none", "linear", "cosine"] = "none"
    """how it falls from there to the last step"""
    final: Share = 0.0
    """what it falls to"""


@dataclass(frozen=True, kw_only=True)
class Average:
    """A moving average of the weights, which is validated, shown and kept instead of them."""

    decay: Share = 0.0
    """share of the old average kept at each step, at most (1 + step) / (10 + step); 0: no average"""


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How often the weights are measured, and what follows from it."""

    every: Count = 1000
    """steps; 0: only at the end"""
    at_start: bool = False
    """measure the start weights too, so that they win where training makes nothing better"""
    metric: str = ""
    """what decides which weights are best; empty: the task's own choice"""
    keep: Annotated[int, Range(1, 1000)] = 3
    """how many of the best weights stay"""
    patience: Count = 0
    """validations without a better one after which training ends; 0: never"""


@dataclass(frozen=True, kw_only=True)
class SampleSheets:
    """Pictures of what the network does, made while it trains."""

    every: Count = 1000
    """steps; 0: none"""
    count: Annotated[int, Range(1, 64)] = 6
    """validation pictures on a sheet"""


@dataclass(frozen=True, kw_only=True)
class Core:
    """Settings every recipe has, whatever its task."""

    task: str
    seed: Count = 0
    steps: Annotated[int, Range(1, 10**12)]
    batch: Annotated[int, Range(1, 65536)]
    """samples a step, over all processes together"""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16: convolutions in bfloat16, weights and sums in float32"""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps; several processes take a GPU each"""
    workers: Annotated[int, Range(0, 256)] | None = None
    """processes that read samples; left out: none on the CPU, up to 8 beside a GPU"""
    freeze_batch_norm: bool = False
    """use the statistics of the start weights instead of each batch's own"""
    checkpoint_every: Annotated[int, Range(1, 10**12)] = 500
    """steps"""
    log_every: Annotated[int, Range(1, 10**12)] = 20
    """steps a row of the log sums up"""
    optimizer: Optimizer = field(default_factory=Optimizer)
    rate: Rate = field(default_factory=Rate)
    average: Average = field(default_factory=Average)
    validation: Validation = field(default_factory=Validation)
    samples: SampleSheets = field(default_factory=SampleSheets)


MAY_CHANGE = ("steps", "device", "workers", "checkpoint_every", "log_every", "samples", "validation.keep", "validation.patience")
"""what a resumed run may set anew; all else would make it another run than the one it continues"""


@dataclass(frozen=True)
class Recipe(Generic[Settings]):
    """A recipe, read and checked."""

    name: str
    core: Core
    settings: Settings
    """the task's own"""

    @property
    def table(self) -> dict[str, Any]:
        """Every setting, defaults written out."""
        return {**as_table(self.core), **as_table(self.settings)}


def recipe_names() -> list[str]:
    """The recipes that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def recipe_table(name: str, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """The table of a recipe.

    Args:
        name: a shipped recipe's name, or a TOML file.
        assignments: `key=value`, made after reading.
    Raises: BadInput, naming the recipes there are, or where the file is no TOML.
    """
    path = Path(name).expanduser()
    if path.suffix != ".toml" and not path.is_file():
        path = SHIPPED / f"{name}.toml"
        if name not in recipe_names():
            raise BadInput("There is no recipe '{name}'; there are: {known}, or give a TOML file.{hint}",
                           name=name, known=", ".join(recipe_names()), hint=closest(name, recipe_names()))  # fmt: skip
    return changed(toml_of(path), assignments)


def toml_of(path: Path) -> dict[str, Any]:
    """A TOML file's table. Raises: BadInput, when there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("The recipe {file} cannot be read: {reason}", file=str(path), reason=getattr(error, "strerror", None) or str(error)) from None


def read_recipe(name: str, table: Table, settings: type[Settings]) -> Recipe[Settings]:
    """Check a recipe's table.

    Args:
        name: what the run is called, where it is not told otherwise.
        table: as from `recipe_table`.
        settings: the task's dataclass of tables, their names apart from the core's.
    Raises: BadInput, as `read_settings`.
    """
    own = {one.name for one in dataclasses.fields(settings)}  # pyright: ignore[reportArgumentType]
    known = [*(one.name for one in dataclasses.fields(Core)), *own]
    for key in table:
        if key not in known:
            raise BadInput("A recipe has no setting '{name}'; there are: {known}.{hint}", name=key, known=", ".join(known), hint=closest(key, known))
    core = read_settings(Core, {key: value for key, value in table.items() if key not in own})
    return Recipe(name, core, read_settings(settings, {key: value for key, value in table.items() if key in own}))


def written(table: Table, place: str = "") -> str:
    """A table as TOML: plain values, lists of plain values or of tables, and tables."""
    plain = [f"{key} = {_inline(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    inner = [f"\n[{place}{key}]\n{written(value, f'{place}{key}.')}" for key, value in table.items() if isinstance(value, Mapping)]
    return "\n".join((*plain, *inner)) + ("" if inner else "\n")


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
