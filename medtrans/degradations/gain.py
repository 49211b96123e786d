"""Gain: every value above air is multiplied by one factor.

y = g x
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_log_uniform
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Gain(Degradation):
    name: Literal["gain"] = "gain"
    factor: Positive = (1 / 1.2, 1.2)
    """The factor; its logarithm is uniformly distributed over a range."""

    modalities = ("MR", "PET")
    units: ClassVar[dict[str, str]] = {"factor": "times the value"}
    ladder: ClassVar[Ladder] = Ladder("factor", (1, 1.1, 1.2, 1.4, 1.7, 2))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"factor": draw_log_uniform(rng, self.factor)}

    def apply(self, volume: Volume, *, factor: float) -> Volume:
        return volume.like(volume.voxels * np.float32(factor))
