"""Rotation: within the slice in 2D, about the three axes one after the other in 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from medtrans.preparing.transforms._transform import SpatialTransform


@dataclass(frozen=True, kw_only=True)
class Rotation(SpatialTransform):
    name: Literal["rotation"] = "rotation"
    degrees: Annotated[float, Ge(0), Le(180)] = 10.0
    """Largest angle, in both directions."""

    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        return {"degrees": rng.uniform(-self.degrees, self.degrees, 1 if spatial_dims == 2 else 3).tolist()}

    def matrix(self, spatial_dims: int, *, degrees: Sequence[float]) -> np.ndarray:
        matrix = np.eye(spatial_dims)
        planes = [(0, 1)] if spatial_dims == 2 else [(1, 2), (0, 2), (0, 1)]
        for angle, (a, b) in zip(np.radians(degrees), planes, strict=True):
            rotation = np.eye(spatial_dims)
            rotation[[a, b], [a, b]] = np.cos(angle)
            rotation[a, b], rotation[b, a] = -np.sin(angle), np.sin(angle)
            matrix = matrix @ rotation
        return matrix
