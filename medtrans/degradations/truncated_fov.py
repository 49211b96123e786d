"""Truncated field of view: the body reaches beyond the detector, and its edge becomes bright.

    y = x + FBP(p_measured) - FBP(p) within the field of view, air beyond;   p_measured = 0 beyond the detector

As scanners do, the last ray is continued by a cylinder of water that has its value and its slope there:

    p(s) = 2 μ √(R² - (c + s)²),   s mm beyond the detector,   c = -p p' / 4μ²,   R² = (p / 2μ)² + c²

Hsieh et al., Med Phys 2004, https://doi.org/10.1118/1.1776673
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_uniform
from medtrans.core.modality import AIR_HU
from medtrans.core.volume import Volume
from medtrans.degradations._projections import add_reconstructed, beam

WATER = np.float32(1000)
"""HU of water above those of air: projections are in HU · mm."""
SLOPE_MM = 10.0
"""Distance over which the slope at the edge of the detector is measured."""
MAX_SLOPE = np.float32(3)
"""Of a projection, relative to water: the steepest that a cylinder is fitted to."""


@dataclass(frozen=True, kw_only=True)
class TruncatedFov(Degradation):
    name: Literal["truncated_fov"] = "truncated_fov"
    millimetres: Positive = (120.0, 180.0)
    """Diameter of the field of view in mm."""
    extrapolated: bool = True
    """Whether projections are continued beyond the detector, as scanners do."""

    modalities = ("CT",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (1e4, 150, 130, 110, 90, 70))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": draw_uniform(rng, self.millimetres), "extrapolated": self.extrapolated}

    def apply(self, volume: Volume, *, millimetres: float, extrapolated: bool) -> Volume:
        rays = beam(volume)
        outside = np.hypot(*np.meshgrid(*rays.places, indexing="ij")).ravel() > millimetres / 2
        if not outside.any():
            return volume.like(volume.voxels.astype(np.float32, copy=False))
        measured = np.flatnonzero(np.abs(rays.offsets) <= millimetres / 2)

        def truncation(slices: np.ndarray, part: slice) -> np.ndarray:
            projections = rays.project(slices + WATER)
            seen = _continued(projections, measured, rays.width) if extrapolated else np.zeros_like(projections)
            seen[:, measured] = projections[:, measured]
            change = rays.reconstruct(seen - projections)
            change[outside] = np.float32(AIR_HU) - slices[outside]
            return change

        return add_reconstructed(volume, truncation)


def _continued(projections: np.ndarray, measured: np.ndarray, width: float) -> np.ndarray:
    """(views, rays, slices): on both sides of the measured rays, cylinders of water."""
    out, step = np.zeros_like(projections), max(1, min(round(SLOPE_MM / width), len(measured) - 1))
    for edge, inner, beyond in (
        (measured[0], measured[0] + step, np.arange(measured[0])),
        (measured[-1], measured[-1] - step, np.arange(measured[-1] + 1, projections.shape[1])),
    ):
        last = np.maximum(projections[:, edge], 0)
        slope = np.clip((last - projections[:, inner]) / np.float32(step * width) / WATER, -MAX_SLOPE, MAX_SLOPE)
        half = last / (2 * WATER)
        centre = -half * slope / 2
        distance = (np.abs(beyond - edge) * width).astype(np.float32)
        squares = (half**2 + centre**2)[:, None] - (centre[:, None] + distance[:, None]) ** 2
        out[:, beyond] = 2 * WATER * np.sqrt(np.maximum(squares, 0))
    return out
