"""Elastic deformation: a smooth random displacement field.

Simard, Steinkraus and Platt, ICDAR 2003, https://doi.org/10.1109/ICDAR.2003.1227801
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from medtrans.core.degradation import draw_seed
from medtrans.core.fields import smooth_field
from medtrans.preparing.transforms._transform import SpatialTransform


@dataclass(frozen=True, kw_only=True)
class Elastic(SpatialTransform):
    name: Literal["elastic"] = "elastic"
    millimetres: Annotated[float, Ge(0)] = 1.0
    """Standard deviation of the displacement along each axis."""
    bumps: Annotated[int, Ge(1)] = 5
    """Bumps of the displacement field along each axis of the item: more bumps vary faster."""

    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        return {"millimetres": self.millimetres, "bumps": self.bumps, "seed": draw_seed(rng)}

    def displacement(self, size: Sequence[int], *, millimetres: float, bumps: int, seed: int) -> np.ndarray:
        rng, widths = np.random.default_rng(seed), [max(side - 1, 1) / bumps for side in size]
        return np.float32(millimetres) * np.stack([smooth_field(rng, size, widths) for _ in size])
