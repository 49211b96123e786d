"""Signal drop-out around air or metal, where the field is not homogeneous.

    y = x (1 - s exp(-|r - c|² / 2σ²)),   c a place in the body, 2.355 σ its diameter

Hargreaves et al., AJR 2011, https://doi.org/10.2214/AJR.11.7364
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, Positive, Share, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import offsets_from
from medtrans.degradations.blur import DEVIATION_PER_FWHM


@dataclass(frozen=True, kw_only=True)
class SignalDropout(Degradation):
    name: Literal["signal_dropout"] = "signal_dropout"
    strength: Share = (0.5, 1.0)
    """Share of the signal that is lost at the centre."""
    millimetres: Positive = (15.0, 50.0)
    """Diameter in mm at which half of that is lost."""

    modalities = ("MR",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"strength": "of the signal", "millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("strength", (0, 0.1, 0.3, 0.5, 0.7, 1))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"strength": draw_uniform(rng, self.strength), "millimetres": draw_uniform(rng, self.millimetres)}
        return {**drawn, "place": rng.uniform(0.25, 0.75, 3).tolist()}

    def apply(self, volume: Volume, *, strength: float, millimetres: float, place: list[float]) -> Volume:
        """The place is a fraction of each side of the image."""
        lost, deviation = np.full((1, 1, 1), strength, np.float32), millimetres * DEVIATION_PER_FWHM
        for distance in offsets_from(volume, place):
            lost = lost * np.exp(-((distance / deviation) ** 2) / 2).astype(np.float32)
        return volume.like(volume.voxels * (1 - lost))
