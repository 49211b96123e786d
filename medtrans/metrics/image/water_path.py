"""Water-equivalent path length error along parallel rays through the body, a surrogate for the proton range.

    WEPL = Σ_ray ρ(HU) Δ    mean over rays |WEPL(translated) - WEPL(target)|

Δ: mm between voxels along the ray; only voxels in the mask count, and rays that meet it. Schaffner, Pedroni 1998,
https://doi.org/10.1088/0031-9155/43/6/016, with stopping power for ρ; the default table holds electron density, which
differs from it by a few percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._hlut import THOMAS, Hlut, density, refuse_disorder
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class WaterPath(ImageMetric):
    unit: ClassVar[str] = "mm"
    modality: ClassVar = "CT"
    axis: Literal["i", "j", "k"] = "j"
    """Of the voxels, along which the rays run: j is front to back in an axial volume."""
    hlut: Hlut = THOMAS
    """Rows of HU and density (or stopping power) relative to water, from low to high."""

    def __post_init__(self) -> None:
        refuse_disorder("water_path", self.hlut)

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for identical images. Raises EmptyMask."""
        body, axis = checked_mask(mask, "water_path"), "ijk".index(self.axis)
        error = np.zeros(body.shape)
        error[body] = density(translated[body], self.hlut) - density(target[body], self.hlut)
        return float(np.abs(error.sum(axis)[body.any(axis)]).mean()) * spacing[axis]
