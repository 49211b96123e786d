"""A chain of degradations, one after the other: applied as a whole, or with a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from medtrans.core.errors import UsageError
from medtrans.degradations._combinations import Combination, Step


@dataclass(frozen=True, kw_only=True)
class Chain(Combination):
    name: Literal["chain"] = "chain"
    steps: tuple[Step, ...] = ()
    """Degradations or choices, in this order."""
    probability: Annotated[float, Interval(ge=0, le=1)] = 1.0
    """With which the chain is applied at all."""

    takes: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        if not self.steps:
            raise UsageError("chain", "has no steps", "write steps: [{name: thick_slices}, {name: rician_noise}]")

    def draw(self, rng: np.random.Generator) -> list[Step]:
        return list(self.steps) if rng.random() < self.probability else []
