"""Bias field: a gain that varies smoothly over the image, as that of a receive coil in MR.

    y = x exp(s b),   b a smooth random field of mean 0 and standard deviation 1

Sled, Zijdenbos and Evans, IEEE TMI 1998, https://doi.org/10.1109/42.668698
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from medtrans.core.arithmetic import exp
from medtrans.core.degradation import Degradation, Ladder, NonNegative, draw_seed, draw_uniform
from medtrans.core.fields import smooth_field
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class BiasField(Degradation):
    name: Literal["bias_field"] = "bias_field"
    strength: NonNegative = 0.1
    """Standard deviation of the logarithm of the gain."""
    bumps: Annotated[int, Ge(1)] = 5
    """Bumps of the field along each axis of the image: more bumps vary faster."""

    modalities = ("MR",)
    units: ClassVar[dict[str, str]] = {"strength": "of the logarithm of the gain", "bumps": "along each axis"}
    ladder: ClassVar[Ladder] = Ladder("strength", (0, 0.05, 0.1, 0.2, 0.3, 0.5))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"strength": draw_uniform(rng, self.strength), "bumps": self.bumps, "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, strength: float, bumps: int, seed: int) -> Volume:
        widths = [max(side - 1, 1) / bumps for side in volume.shape]
        field = smooth_field(np.random.default_rng(seed), volume.shape, widths)
        return volume.like(volume.voxels * sensitivity(field, strength))


def sensitivity(field: np.ndarray, strength: float) -> np.ndarray:
    """The gain that a smooth field of standard deviation 1 stands for, with the same bits on every processor."""
    return exp(np.float32(strength) * field)
