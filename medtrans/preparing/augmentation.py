"""Variations of training items: drawn as plain numbers first, then applied.

Source, target and mask of a pair are moved by the same draw, so they stay aligned; what is uncovered becomes each
one's own air. Looks (gain, gamma, bias field, blur, noise) change the source alone. All is off unless a recipe asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le, Lt

from medtrans.core.settings import Settings

SEEDS = 2**32


@dataclass(frozen=True, kw_only=True)
class Augment(Settings):
    flip: bool = False
    """Mirror left and right half of the time."""
    rotate_degrees: Annotated[float, Ge(0), Le(180)] = 0.0
    """Turn by up to so much: within the slice in 2D, about each axis in 3D."""
    scale: Annotated[float, Ge(0), Lt(1)] = 0.0
    """.1 enlarges or shrinks by up to a factor of 1.1."""
    shift_millimetres: Annotated[float, Ge(0)] = 0.0
    """Shift by up to so much along each axis of the item."""
    elastic_millimetres: Annotated[float, Ge(0)] = 0.0
    """Standard deviation of the shifts of a coarse grid of points, smoothly followed by the image."""
    brightness: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Source only. .2 multiplies the height above air by up to 1.2 or 1/1.2."""
    gamma: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Source only: contrast. .3 raises the height above air to a power of up to 1.3 or 1/1.3."""
    bias: Annotated[float, Ge(0)] = 0.0
    """Source only. Standard deviation of the logarithm of a smooth gain, as of a receive coil."""
    blur_millimetres: Annotated[float, Ge(0)] = 0.0
    """Source only. Lowers the resolution: a Gaussian with a full width at half maximum of up to so much."""
    noise: Annotated[float, Ge(0)] = 0.0
    """Source only. Gaussian noise of up to this standard deviation, in normalised units (-1 to 1)."""

    def draw_place(self, dice: np.random.Generator, spatial_dims: int) -> dict[str, Any]:
        """How an item is moved: JSON-able numbers; empty when nothing is asked for."""
        drawn: dict[str, Any] = {}
        if self.flip:
            drawn["flip"] = bool(dice.integers(2))
        if self.rotate_degrees:
            angles = dice.uniform(-self.rotate_degrees, self.rotate_degrees, 1 if spatial_dims == 2 else 3)
            drawn["degrees"] = angles.tolist()
        if self.scale:
            drawn["scale"] = _factor(dice, self.scale)
        if self.shift_millimetres:
            drawn["shift"] = dice.uniform(-self.shift_millimetres, self.shift_millimetres, spatial_dims).tolist()
        if self.elastic_millimetres:
            drawn["elastic"] = {"millimetres": self.elastic_millimetres, "seed": int(dice.integers(SEEDS))}
        return drawn

    def draw_look(self, dice: np.random.Generator) -> dict[str, Any]:
        """How a source is made to look: JSON-able numbers; empty when nothing is asked for."""
        drawn: dict[str, Any] = {}
        if self.brightness:
            drawn["brightness"] = _factor(dice, self.brightness)
        if self.gamma:
            drawn["gamma"] = _factor(dice, self.gamma)
        if self.bias:
            drawn["bias"] = {"deviation": self.bias, "seed": int(dice.integers(SEEDS))}
        if self.blur_millimetres:
            drawn["blur"] = float(dice.uniform(0, self.blur_millimetres))
        if self.noise:
            drawn["noise"] = {"deviation": float(dice.uniform(0, self.noise)), "seed": int(dice.integers(SEEDS))}
        return drawn


def _factor(dice: np.random.Generator, most: float) -> float:
    """Between 1 / (1 + most) and 1 + most, enlarging as often as shrinking."""
    return float((1 + most) ** dice.uniform(-1, 1))
