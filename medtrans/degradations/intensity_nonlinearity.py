"""Intensity non-linearity: an S-shaped curve. Air (0), the middle (½) and the bright end (1) keep their values.

    y = x + a sin(2πx) / 2π     between 0 and 1,   y = x elsewhere

Positive a pull values to the middle, negative ones away from it; |a| < 1 keeps their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Degradation, Ladder, draw_uniform
from medtrans.core.volume import Volume

Slope: TypeAlias = Annotated[float, Interval(gt=-1, lt=1)]


@dataclass(frozen=True, kw_only=True)
class IntensityNonlinearity(Degradation):
    name: Literal["intensity_nonlinearity"] = "intensity_nonlinearity"
    slope: Slope | tuple[Slope, Slope] = (-0.5, 0.5)
    """The number a: the change of slope at air."""

    modalities = ("MR",)
    units: ClassVar[dict[str, str]] = {"slope": "of the slope at air"}
    ladder: ClassVar[Ladder] = Ladder("slope", (0, 0.1, 0.3, 0.5, 0.7, 0.9))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"slope": draw_uniform(rng, self.slope)}

    def apply(self, volume: Volume, *, slope: float) -> Volume:
        x = volume.voxels.astype(np.float32, copy=False)
        turn = np.float32(2 * np.pi)
        return volume.like(x + np.float32(slope) / turn * np.sin(turn * np.clip(x, 0, 1)))
