"""Spatial transform: the base class of the files beside this one.

    q = M p + u(p)

A transform maps a position p in the item to a position q in the volume, both in millimetres from the centre of the
item. Matrices of several transforms are multiplied, displacements are added, and the volume is interpolated once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class SpatialTransform(Settings, ABC):
    """Random numbers are drawn first, as plain numbers that can be written to JSON, then applied."""

    interpolates: ClassVar[bool] = True
    """Whether the transformed voxels lie between those of the volume."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        """Parameters of `matrix` and `displacement`: plain numbers."""

    def matrix(self, spatial_dims: int, *args: Any, **parameters: Any) -> np.ndarray:
        """M, (spatial_dims, spatial_dims)."""
        return np.eye(spatial_dims)

    def displacement(self, size: Sequence[int], *args: Any, **parameters: Any) -> np.ndarray:
        """u at every voxel of an item, (spatial_dims, *size) or a shape that broadcasts to it, in millimetres."""
        return np.zeros((len(size), *[1] * len(size)), np.float32)
