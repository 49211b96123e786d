"""One of several degradations, each with a probability; none of them with the probability that is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from medtrans.core.errors import UsageError
from medtrans.degradations._combinations import Combination, Step

TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class OneOf(Combination):
    name: Literal["one_of"] = "one_of"
    choices: tuple[Step, ...] = ()
    """Degradations, chains or choices, of which one is applied."""
    probabilities: tuple[Annotated[float, Interval(ge=0, le=1)], ...] = ()
    """Of each choice, at most 1 together; none makes them equally likely."""

    takes: ClassVar[str] = "choices"

    def __post_init__(self) -> None:
        if not self.choices:
            raise UsageError("one_of", "has no choices", "write choices: [{name: motion}, {name: spike}]")
        if self.probabilities and len(self.probabilities) != len(self.choices):
            what = f"has {len(self.choices)} choices and {len(self.probabilities)} probabilities"
            raise UsageError("one_of", what, "give one for each")
        if sum(self.probabilities) > 1 + TOLERANCE:
            what = f"has probabilities of {sum(self.probabilities):g} together"
            raise UsageError("one_of", what, "give at most 1 together; with what is left nothing is applied")

    def draw(self, rng: np.random.Generator) -> list[Step]:
        each = self.probabilities or (1 / len(self.choices),) * len(self.choices)
        place = int(np.searchsorted(np.cumsum(each), rng.random() * (1 if self.probabilities else sum(each)), "right"))
        return list(self.choices[place : place + 1])
