"""Flip: left and right are mirrored in half of the items. Voxels are moved, not interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.preparing.transforms._transform import SpatialTransform


@dataclass(frozen=True, kw_only=True)
class Flip(SpatialTransform):
    name: Literal["flip"] = "flip"
    interpolates: ClassVar[bool] = False

    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        return {"mirrored": bool(rng.integers(2))}
