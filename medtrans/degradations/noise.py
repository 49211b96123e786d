"""Noise: independent Gaussian noise in every voxel.

y = x + n,   n ~ N(0, σ²)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, draw_seed, draw_uniform
from medtrans.core.fields import normal
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Noise(Degradation):
    name: Literal["noise"] = "noise"
    deviation: NonNegative = (0.0, 0.02)
    """Standard deviation, as a fraction of the range from air to the bright end of the body."""

    modalities = ("MR", "PET")
    units: ClassVar[dict[str, str]] = {"deviation": "of the range from air to bright"}
    ladder: ClassVar[Ladder] = Ladder("deviation", (0, 0.01, 0.02, 0.04, 0.08, 0.16))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"deviation": draw_uniform(rng, self.deviation), "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, deviation: float, seed: int) -> Volume:
        noise = normal(np.random.default_rng(seed), volume.voxels.shape)
        return volume.like(volume.voxels + np.float32(deviation) * noise)
