"""Spike: one point of k-space is far too large, and stripes cross the image.

    y = |x + a cos(2π (k·r + φ))|,   k the frequency of the spike in cycles per mm

Stadler et al., Eur Radiol 2007, https://doi.org/10.1007/s00330-006-0470-4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, Positive, draw_uniform
from medtrans.core.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Spike(Degradation):
    name: Literal["spike"] = "spike"
    amplitude: NonNegative = (0.05, 0.2)
    """Amplitude of the stripes, as a fraction of the range from air to the bright end of the body."""
    wavelength: Positive = (4.0, 20.0)
    """Distance between stripes in mm."""

    modalities = ("MR",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"amplitude": "of the range from air to bright", "wavelength": "mm"}
    ladder: ClassVar[Ladder] = Ladder("amplitude", (0, 0.02, 0.05, 0.1, 0.2, 0.4))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        direction = rng.normal(size=3)
        drawn = {"amplitude": draw_uniform(rng, self.amplitude), "wavelength": draw_uniform(rng, self.wavelength)}
        unit = (direction / np.linalg.norm(direction)).tolist()
        return {**drawn, "direction": unit, "phase": float(rng.uniform())}

    def apply(
        self, volume: Volume, *, amplitude: float, wavelength: float, direction: list[float], phase: float
    ) -> Volume:
        steps = [spacing * part / wavelength for spacing, part in zip(volume.spacing, direction, strict=True)]
        sides = zip(volume.shape, steps, strict=True)
        i, j, k = np.ix_(*[np.arange(side, dtype=np.float32) * np.float32(step) for side, step in sides])
        turns = np.float32(phase) + i + j + k
        stripes = np.float32(amplitude) * np.cos(np.float32(2 * np.pi) * turns)
        return volume.like(np.abs(volume.voxels + stripes))
