"""Scaling: the image is enlarged or shrunk by one factor along all axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Lt

from medtrans.preparing.transforms._transform import SpatialTransform


@dataclass(frozen=True, kw_only=True)
class Scaling(SpatialTransform):
    name: Literal["scaling"] = "scaling"
    strength: Annotated[float, Ge(0), Lt(1)] = 0.1
    """.1 draws a factor from 1/1.1 to 1.1."""

    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        return {"factor": float((1 + self.strength) ** rng.uniform(-1, 1))}

    def matrix(self, spatial_dims: int, *, factor: float) -> np.ndarray:
        return np.eye(spatial_dims) / factor
