"""Undersampling: part of k-space is not measured, and is filled with zeros.

    y = |Fᴴ M F x|,   M the measured points of k-space

Lustig, Donoho and Pauly, MRM 2007, https://doi.org/10.1002/mrm.21391
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Ge

from medtrans.core.degradation import Ladder, Share, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Plane, draw_plane
from medtrans.degradations._k_space import spread
from medtrans.degradations._sampled_k_space import SampledKSpace
from medtrans.degradations._sampling_patterns import lines, spokes

Acceleration: TypeAlias = Annotated[float, Ge(1)]


@dataclass(frozen=True, kw_only=True)
class Undersampling(SampledKSpace):
    name: Literal["undersampling"] = "undersampling"
    acceleration: Acceleration | tuple[Acceleration, Acceleration] = (2.0, 6.0)
    """How many times fewer lines, or spokes, are measured."""
    pattern: Literal["regular", "random", "variable_density", "radial"] = "random"
    """Which lines; radial measures spokes through the centre of k-space."""
    centre: Share = 0.08
    """Share of the lines around the centre of k-space that are always measured."""
    plane: Plane = "axial"
    """Plane of the slices; lines are left out along the longer of its axes."""

    units: ClassVar[dict[str, str]] = {"acceleration": "times fewer lines", "centre": "of the lines"}
    ladder: ClassVar[Ladder] = Ladder("acceleration", (1, 2, 3, 4, 6, 10))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"acceleration": draw_uniform(rng, self.acceleration), "centre": draw_uniform(rng, self.centre)}
        return {**drawn, "pattern": self.pattern, "plane": draw_plane(rng, self.plane), "seed": draw_seed(rng)}

    def mask(
        self, grid: Volume, axes: Sequence[int], *, acceleration: float, centre: float, pattern: str, seed: int
    ) -> np.ndarray:
        sides = grid.shape[axes[0]], grid.shape[axes[1]]
        if acceleration == 1:
            return np.ones((1, 1, 1, 1), bool)
        if pattern == "radial":
            return spread(spokes(sides, acceleration), axes)
        phase = axes[int(np.argmax(sides))]
        return spread(lines(pattern, grid.shape[phase], acceleration, centre, seed), [phase])
