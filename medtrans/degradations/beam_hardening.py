"""Beam hardening: a beam of many energies is corrected for water, and bone darkens what lies between it.

    Δp = w(-ln Σ_E s(E) exp(-μ_water(E) L_water - μ_bone(E) L_bone)) - p,   y = x + a FBP(Δp)

w corrects for water. Bone is what lies above 150 HU. Joseph and Spital, J Comput Assist Tomogr 1978,
https://doi.org/10.1097/00004728-197801000-00017
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._attenuation import (
    MEAN_ENERGY,
    Kilovolts,
    attenuation,
    polychromatic,
    water_corrected,
)
from medtrans.degradations._projections import add_reconstructed, beam

BONE_HU, CORTICAL_HU = 150.0, 1600.0
"""HU. Above the first the bone grows linearly, to nothing but bone at the second."""


@dataclass(frozen=True, kw_only=True)
class BeamHardening(Degradation):
    name: Literal["beam_hardening"] = "beam_hardening"
    strength: NonNegative = (0.5, 1.0)
    """Part of the physical effect; 1 is a scanner that corrects for water alone."""
    kilovolts: Kilovolts = 120
    """Tube voltage."""

    modalities = ("CT",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"strength": "of the physical effect", "kilovolts": "kV"}
    ladder: ClassVar[Ladder] = Ladder("strength", (0, 0.2, 0.5, 1, 1.5, 2))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"strength": draw_uniform(rng, self.strength), "kilovolts": self.kilovolts}

    def apply(self, volume: Volume, *, strength: float, kilovolts: int) -> Volume:
        rays, energy = beam(volume), MEAN_ENERGY[kilovolts]
        mm_of_water = attenuation("bone", energy) / attenuation("water", energy)

        def hardening(slices: np.ndarray, part: slice) -> np.ndarray:
            density = np.maximum(1 + slices / 1000, 0)
            bone = np.clip((slices - BONE_HU) / (CORTICAL_HU - BONE_HU), 0, None).astype(np.float32)
            bone = np.minimum(bone, density / np.float32(mm_of_water))
            lengths = {"bone": rays.project(bone), "water": rays.project(density - np.float32(mm_of_water) * bone)}
            ideal = lengths["water"] + mm_of_water * lengths["bone"]
            measured = water_corrected(polychromatic(lengths, kilovolts), kilovolts)
            return rays.reconstruct((measured - ideal).astype(np.float32)) * np.float32(1000 * strength)

        return add_reconstructed(volume, hardening)
