"""Metal: balls of titanium in the image, with the streaks of a hardened beam and of too few photons.

    Δp = w(-ln(N / I₀)) - p,   N ~ Poisson(I₀ Σ_E s(E) exp(-μ_water(E) L_water - μ_metal(E) L_metal))

De Man et al., IEEE Trans Nucl Sci 1999, https://doi.org/10.1109/23.775600
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Degradation, Ladder, NonNegative, Positive, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._attenuation import Kilovolts, polychromatic, water_corrected
from medtrans.degradations._directions import offsets_from
from medtrans.degradations._projections import add_reconstructed, beam, to_slices

METAL_HU = 3071.0
"""HU of metal in the image: the highest value of 12 bits."""


@dataclass(frozen=True, kw_only=True)
class MetalStreaks(Degradation):
    name: Literal["metal_streaks"] = "metal_streaks"
    millimetres: NonNegative = (4.0, 10.0)
    """Diameter of a piece of metal in mm."""
    pieces: Annotated[int, Interval(ge=1, le=20)] = 2
    """Number of pieces."""
    photons: Positive = 200_000.0
    """Photons a ray of 1 mm² would detect without a patient."""
    kilovolts: Kilovolts = 120
    """Tube voltage."""

    modalities = ("CT",)
    role = "global"
    units: ClassVar[dict[str, str]] = {
        "millimetres": "mm",
        "pieces": "pieces",
        "photons": "photons per ray of 1 mm²",
        "kilovolts": "kV",
    }
    ladder: ClassVar[Ladder] = Ladder("millimetres", (0, 3, 5, 8, 12, 18))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"millimetres": draw_uniform(rng, self.millimetres), "photons": draw_uniform(rng, self.photons)}
        places = rng.uniform(0.3, 0.7, (self.pieces, 3)).tolist()
        return {**drawn, "places": places, "kilovolts": self.kilovolts, "seed": draw_seed(rng)}

    def apply(
        self,
        volume: Volume,
        *,
        millimetres: float,
        photons: float,
        places: list[list[float]],
        kilovolts: int,
        seed: int,
    ) -> Volume:
        """Places are fractions of the sides of the image."""
        rays, rng = beam(volume), np.random.default_rng(seed)
        balls = to_slices(_balls(volume, places, millimetres), volume)

        def streaks(slices: np.ndarray, part: slice) -> np.ndarray:
            metal = balls[:, part]
            with_metal = np.flatnonzero(metal.any(0))
            change = np.zeros_like(slices)
            if not with_metal.size:
                return change
            metal, density = metal[:, with_metal], np.maximum(1 + slices[:, with_metal] / 1000, 0)
            lengths = {"titanium": rays.project(metal), "water": rays.project(density * (1 - metal))}
            through = polychromatic(lengths, kilovolts)
            counts = np.maximum(rng.poisson(photons * rays.width**2 * np.exp(-through)), 1)
            measured = water_corrected(-np.log(counts / (photons * rays.width**2)), kilovolts)
            # Rays without metal stay as they are.
            added = np.where(lengths["titanium"] > 0, measured - lengths["water"], 0).astype(np.float32)
            streaked = rays.reconstruct(added) * np.float32(1000)
            change[:, with_metal] = np.where(metal > 0.5, np.float32(METAL_HU) - slices[:, with_metal], streaked)
            return change

        return add_reconstructed(volume, streaks)


def _balls(volume: Volume, places: list[list[float]], millimetres: float) -> np.ndarray:
    """(channel, i, j, k): 1 in metal, partial at its surface."""
    metal = np.zeros(volume.shape, np.float32)
    for place in places:
        i, j, k = offsets_from(volume, place)
        squares = i**2 + j**2 + k**2
        inside = (millimetres / 2 - np.sqrt(squares)) / min(volume.spacing) + 0.5
        metal = np.maximum(metal, np.clip(inside, 0, 1 if millimetres else 0).astype(np.float32))
    return np.broadcast_to(metal, volume.voxels.shape)
