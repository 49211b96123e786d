"""Blur: a lower resolution, by convolution with a Gaussian.

y = x * N(0, σ²),   σ = FWHM / √(8 ln 2)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from scipy import ndimage

from medtrans.core.degradation import Degradation
from medtrans.core.volume import Volume

DEVIATION_PER_FWHM = 1 / math.sqrt(8 * math.log(2))


@dataclass(frozen=True, kw_only=True)
class Blur(Degradation):
    name: Literal["blur"] = "blur"
    millimetres: Annotated[float, Ge(0)] = 2.0
    """Largest full width at half maximum of the Gaussian; drawn uniformly from 0 on."""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": float(rng.uniform(0, self.millimetres))}

    def apply(self, volume: Volume, *, millimetres: float) -> Volume:
        # Along an axis of one voxel there is nothing to blur.
        sides = zip(volume.shape, volume.spacing, strict=True)
        widths = [millimetres * DEVIATION_PER_FWHM / spacing if side > 1 else 0.0 for side, spacing in sides]
        voxels = volume.voxels.astype(np.float32, copy=False)
        return volume.like(ndimage.gaussian_filter(voxels, [0.0, *widths], mode="nearest"))
