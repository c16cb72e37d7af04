"""Which validated weights are the best so far, and when nothing better comes any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Ranking", "Validated"]


@dataclass(frozen=True)
class Validated:
    """The figures of the weights after a number of steps."""

    step: int
    figures: dict[str, float]


@dataclass
class Ranking:
    """The best few of all validations."""

    metric: str
    direction: Literal["min", "max"]
    keep: int
    best: list[Validated]
    """the best first"""
    last: Validated | None = None
    worse_in_a_row: int = 0

    def enter(self, one: Validated) -> bool:
        """Take in a validation; whether its weights are among the best. Figures that are no numbers (NaN) never are."""
        self.last = one
        leader = self.best[0] if self.best else None
        self.best = sorted((*self.best, one), key=self._key)[: self.keep]
        if one in self.best and self._key(one)[0]:
            self.best.remove(one)
        self.worse_in_a_row = 0 if self.best and self.best[0] is not leader else self.worse_in_a_row + 1
        return one in self.best

    def _key(self, one: Validated) -> tuple[bool, float, int]:
        value = one.figures[self.metric]
        return value != value, value if self.direction == "min" else -value, one.step  # noqa: PLR0124 (NaN is not itself)
