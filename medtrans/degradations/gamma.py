"""Gamma: a change of contrast. Air (0) and the bright end of the body (1) keep their values.

y = sign(x) |x|^γ
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_log_uniform
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Gamma(Degradation):
    name: Literal["gamma"] = "gamma"
    exponent: Positive = (1 / 1.2, 1.2)
    """The exponent; its logarithm is uniformly distributed over a range."""

    modalities = ("MR", "PET")
    units: ClassVar[dict[str, str]] = {"exponent": "without a unit"}
    ladder: ClassVar[Ladder] = Ladder("exponent", (1, 1.1, 1.2, 1.4, 1.7, 2))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"exponent": draw_log_uniform(rng, self.exponent)}

    def apply(self, volume: Volume, *, exponent: float) -> Volume:
        voxels = volume.voxels.astype(np.float32, copy=False)
        return volume.like(np.copysign(np.abs(voxels) ** np.float32(exponent), voxels))
