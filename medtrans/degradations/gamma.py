"""Gamma: a change of contrast. Air (0) and the bright end of the body (1) keep their values.

y = sign(x) |x|^γ
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Lt

from medtrans.core.degradation import Degradation, draw_factor
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Gamma(Degradation):
    name: Literal["gamma"] = "gamma"
    strength: Annotated[float, Ge(0), Lt(1)] = 0.2
    """.2 draws an exponent from 1/1.2 to 1.2."""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"exponent": draw_factor(rng, self.strength)}

    def apply(self, volume: Volume, *, exponent: float) -> Volume:
        voxels = volume.voxels.astype(np.float32, copy=False)
        return volume.like(np.copysign(np.abs(voxels) ** np.float32(exponent), voxels))
