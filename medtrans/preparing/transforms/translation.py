"""Translation: the image is shifted along each axis of the item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from medtrans.preparing.transforms._transform import SpatialTransform


@dataclass(frozen=True, kw_only=True)
class Translation(SpatialTransform):
    name: Literal["translation"] = "translation"
    millimetres: Annotated[float, Ge(0)] = 5.0
    """Largest shift along each axis, in both directions."""

    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        return {"millimetres": rng.uniform(-self.millimetres, self.millimetres, spatial_dims).tolist()}

    def displacement(self, size: Sequence[int], *, millimetres: Sequence[float]) -> np.ndarray:
        return np.array(millimetres, np.float32).reshape(-1, *[1] * len(size))
