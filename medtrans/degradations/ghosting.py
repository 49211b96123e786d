"""Ghosts of periodic motion, such as pulsation: every n-th line of k-space is weaker.

    y = |Fᴴ (1 - s c) F x|,   c(k) = 1 at every n-th line,   0 at the others and at the centre

n ghosts appear along the phase axis. Wood and Henkelman, Med Phys 1985, https://doi.org/10.1118/1.595783
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from medtrans.core.degradation import Degradation, Ladder, Share, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Direction, axis_along, draw_direction
from medtrans.degradations._k_space import magnitude, spread, to_image, to_k_space

CENTRE = 0.02
"""Share of the lines around the centre that keep their strength, so that the mean of the image does."""


@dataclass(frozen=True, kw_only=True)
class Ghosting(Degradation):
    name: Literal["ghosting"] = "ghosting"
    strength: Share = (0.2, 0.6)
    """Share of the signal that the weaker lines lose."""
    ghosts: Annotated[int, Ge(2)] = 4
    """Number of ghosts along the phase axis."""
    phase: Direction = "back_front"
    """Direction of phase encoding, along which ghosts appear."""

    modalities = ("MR",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"strength": "of the signal of a line", "ghosts": "ghosts"}
    ladder: ClassVar[Ladder] = Ladder("strength", (0, 0.1, 0.2, 0.4, 0.7, 1))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"strength": draw_uniform(rng, self.strength), "ghosts": self.ghosts}
        return {**drawn, "phase": draw_direction(rng, self.phase)}

    def apply(self, volume: Volume, *, strength: float, ghosts: int, phase: str) -> Volume:
        axis = axis_along(volume, phase)
        side = volume.shape[axis]
        distance = np.arange(side) - side // 2
        weaker = (distance % ghosts == 0) & (np.abs(distance) > CENTRE * side / 2)
        gains = spread((1 - strength * weaker).astype(np.float32), [axis])
        k_space = to_k_space(volume.voxels.astype(np.float32, copy=False), [axis])
        return volume.like(magnitude(to_image(gains * k_space, [axis])))
