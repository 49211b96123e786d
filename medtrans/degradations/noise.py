"""Noise: independent Gaussian noise in every voxel.

y = x + n,   n ~ N(0, σ²)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from medtrans.core.degradation import Degradation, draw_seed
from medtrans.core.fields import normal
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Noise(Degradation):
    name: Literal["noise"] = "noise"
    strength: Annotated[float, Ge(0)] = 0.02
    """Largest standard deviation, as a fraction of the range from air to the bright end of the body; drawn uniformly
    from 0 on."""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"deviation": float(rng.uniform(0, self.strength)), "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, deviation: float, seed: int) -> Volume:
        noise = normal(np.random.default_rng(seed), volume.voxels.shape)
        return volume.like(volume.voxels + np.float32(deviation) * noise)
