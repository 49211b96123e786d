"""Noise of magnitude MR: Rician with one coil, non-central chi with several.

    y = √(Σ_c |x / √C + n_c|²),   n_c complex Gaussian, σ = mean of the body / SNR

Gudbjartsson and Patz, MRM 1995, https://doi.org/10.1002/mrm.1910340618; Aja-Fernández and Vegas-Sánchez-Ferrero,
Statistical Analysis of Noise in MRI 2016, https://doi.org/10.1007/978-3-319-39934-8
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_log_uniform, draw_seed
from medtrans.core.fields import normal
from medtrans.core.volume import Volume

BODY = 0.1
"""Voxels above this fraction of the bright end count as body."""


@dataclass(frozen=True, kw_only=True)
class RicianNoise(Degradation):
    name: Literal["rician_noise"] = "rician_noise"
    snr: Positive = (10.0, 40.0)
    """Mean of the body divided by the standard deviation of the noise of one channel of one coil."""
    coils: Annotated[int, Ge(1)] = 1
    """Number of receive coils of equal sensitivity."""

    modalities = ("MR",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"snr": "mean of the body / standard deviation", "coils": "coils"}
    ladder: ClassVar[Ladder] = Ladder("snr", (1e9, 80, 40, 20, 10, 5))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"snr": draw_log_uniform(rng, self.snr), "coils": self.coils, "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, snr: float, coils: int, seed: int) -> Volume:
        x, rng = volume.voxels.astype(np.float32, copy=False), np.random.default_rng(seed)
        return volume.like(noisy_magnitude(x, mean_of_body(x) / snr, rng, coils))


def noisy_magnitude(x: np.ndarray, deviation: float, rng: np.random.Generator, coils: int = 1) -> np.ndarray:
    """The magnitude of an image of several coils, each with noise of this deviation in both channels."""
    part, total = x / np.float32(np.sqrt(coils)), np.zeros_like(x)
    for _ in range(coils):
        for signal in (part, 0):
            total += (signal + np.float32(deviation) * normal(rng, x.shape)) ** 2
    return np.sqrt(total, out=total)


def mean_of_body(voxels: np.ndarray) -> float:
    body = voxels[voxels > BODY]
    return float(body.mean(dtype=np.float64)) if body.size else 0.0
