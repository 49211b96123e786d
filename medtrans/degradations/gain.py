"""Gain: every value above air is multiplied by one factor.

y = g x
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Lt

from medtrans.core.degradation import Degradation, draw_factor
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Gain(Degradation):
    name: Literal["gain"] = "gain"
    strength: Annotated[float, Ge(0), Lt(1)] = 0.2
    """.2 draws a factor from 1/1.2 to 1.2."""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"factor": draw_factor(rng, self.strength)}

    def apply(self, volume: Volume, *, factor: float) -> Volume:
        return volume.like(volume.voxels * np.float32(factor))
