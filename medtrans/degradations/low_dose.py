"""Low dose: Poisson noise of fewer photons, and electronic noise, in the projections of a CT.

    N ~ Poisson(d I₀ exp(-p) / (1 - d)) + Normal(0, σ²),   Δp = -ln(N / mean),   y = x + FBP(Δp)

The noise is what a scan at the share d of the dose has more than the given image, whose own noise is that of I₀
photons a ray. Žabić et al., Med Phys 2013, https://doi.org/10.1118/1.4805109
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, Positive, Share, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._attenuation import Kilovolts, water
from medtrans.degradations._projections import ParallelBeam, add_reconstructed, beam


@dataclass(frozen=True, kw_only=True)
class LowDose(Degradation):
    name: Literal["low_dose"] = "low_dose"
    dose: Share = (0.1, 0.5)
    """Share of the dose of the given image."""
    photons: Positive = 200_000.0
    """Photons a ray of 1 mm² would detect in the given scan without a patient."""
    kilovolts: Kilovolts = 120
    """Tube voltage."""
    electronic: NonNegative = 10.0
    """Standard deviation of the electronic noise, in photons."""

    modalities = ("CT",)
    role = "global"
    units: ClassVar[dict[str, str]] = {
        "dose": "of the dose",
        "photons": "photons per ray of 1 mm²",
        "kilovolts": "kV",
        "electronic": "photons",
    }
    ladder: ClassVar[Ladder] = Ladder("dose", (1, 0.7, 0.5, 0.25, 0.1, 0.05))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"dose": max(draw_uniform(rng, self.dose), 1e-4), "photons": draw_uniform(rng, self.photons)}
        electronic = draw_uniform(rng, self.electronic)
        return {**drawn, "kilovolts": self.kilovolts, "electronic": electronic, "seed": draw_seed(rng)}

    def apply(
        self, volume: Volume, *, dose: float, photons: float, kilovolts: int, electronic: float, seed: int
    ) -> Volume:
        if dose == 1:
            return volume.like(volume.voxels.astype(np.float32, copy=False))
        rays, rng, mu = beam(volume), np.random.default_rng(seed), water(kilovolts)

        def noise(slices: np.ndarray, part: slice) -> np.ndarray:
            integrals = rays.project(np.maximum(1 + slices / 1000, 0) * np.float32(mu))
            return rays.reconstruct(_noise(integrals, rays, rng, dose, photons, electronic)) * np.float32(1000 / mu)

        return add_reconstructed(volume, noise)


def _noise(
    integrals: np.ndarray, rays: ParallelBeam, rng: np.random.Generator, dose: float, photons: float, electronic: float
) -> np.ndarray:
    """What is added to each line integral."""
    full = photons * rays.width**2 * np.exp(-integrals.astype(np.float64))
    mean = dose * full / (1 - dose)
    counts = rng.poisson(mean) + 0.0
    # The part of the electronic noise, relative to the photons, that the full dose does not have.
    relative = electronic * np.sqrt(np.maximum(1 / dose**2 - 1, 0)) / np.maximum(full, 1e-6)
    counts += rng.normal(size=mean.shape) * relative * mean
    return (-np.log(np.maximum(counts, 0.5) / np.maximum(mean, 1e-6))).astype(np.float32)
