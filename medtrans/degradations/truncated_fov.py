"""Truncated field of view: the body reaches beyond the detector, and its edge becomes bright.

    y = x + FBP(p_measured) - FBP(p) within the field of view, air beyond;   p_measured = 0 beyond the detector

Ohnesorge et al., Med Phys 2000, https://doi.org/10.1118/1.598855. A scanner continues
the last measured ray by a falling cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_uniform
from medtrans.core.modality import AIR_HU
from medtrans.core.volume import Volume
from medtrans.degradations._projections import add_reconstructed, beam

FALL_MM = 30.0
"""Width of the cosine by which measured projections are continued."""


@dataclass(frozen=True, kw_only=True)
class TruncatedFov(Degradation):
    name: Literal["truncated_fov"] = "truncated_fov"
    millimetres: Positive = (120.0, 180.0)
    """Diameter of the field of view in mm."""
    extrapolated: bool = True
    """Whether projections are continued beyond the detector, as scanners do."""
    fall: Annotated[float, Gt(0)] = FALL_MM
    """Width in mm over which they fall to 0."""

    modalities = ("CT",)
    role = "global"
    ladder: ClassVar[Ladder] = Ladder("millimetres", "mm", (1e4, 150, 130, 110, 90, 70))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"millimetres": draw_uniform(rng, self.millimetres)}
        return {**drawn, "extrapolated": self.extrapolated, "fall": self.fall}

    def apply(self, volume: Volume, *, millimetres: float, extrapolated: bool, fall: float) -> Volume:
        rays = beam(volume)
        radius = np.hypot(*np.meshgrid(*rays.places, indexing="ij")).ravel()
        outside = radius > millimetres / 2
        if not outside.any():
            return volume.like(volume.voxels.astype(np.float32, copy=False))
        gains = _continued(rays.offsets, millimetres / 2, fall if extrapolated else 1e-9)
        nearest = np.clip(np.arange(rays.rays), *np.flatnonzero(np.abs(rays.offsets) <= millimetres / 2)[[0, -1]])

        def truncation(slices: np.ndarray, part: slice) -> np.ndarray:
            projections = rays.project(slices + np.float32(1000))
            change = rays.reconstruct(projections[:, nearest] * gains[None, :, None] - projections)
            change[outside] = np.float32(AIR_HU) - slices[outside]
            return change

        return add_reconstructed(volume, truncation)


def _continued(offsets: np.ndarray, radius: float, fall: float) -> np.ndarray:
    """1 within the detector, then a cosine that falls to 0."""
    beyond = np.clip((np.abs(offsets) - radius) / fall, 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * beyond)).astype(np.float32)
