"""Scanner of a visit: the look that it gives to every head.

    y = |g s m (x / m)^γ + noise|      x a clean image, m its bright end, s the sensitivity of the coil, g the gain

The n-th visits of all heads are made on the n-th scanner. Noise is Rician and differs between images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.arithmetic import exp, mean, power, uniform
from medtrans.core.fields import grid_axes, random_field
from medtrans.core.volume import Volume
from medtrans.degradations.bias_field import sensitivity
from medtrans.degradations.rician_noise import noisy_magnitude

COIL_WIDTH_MM = 90.0
"""Over which the sensitivity changes."""


@dataclass(frozen=True)
class Scanner:
    """Gain, exponent of its tone, standard deviation of the logarithm of the sensitivity, and noise."""

    gain: float
    gamma: float
    bias: float
    noise: float
    """Relative to the mean of the body."""
    coil: int
    """Seed of the sensitivity."""

    def scan(self, image: Volume, body: np.ndarray, rng: np.random.Generator) -> Volume:
        """The image of a head, made without a coil and without noise, as this scanner shows it: float32."""
        voxels = image.voxels[0].astype(np.float32)
        top = np.float32(voxels.max())
        voxels = np.float32(self.gain) * top * power(voxels / top, self.gamma)
        field = random_field(np.random.default_rng(self.coil), grid_axes(image), COIL_WIDTH_MM)
        voxels *= sensitivity(field, self.bias)
        noisy = noisy_magnitude(voxels, self.noise * mean(voxels[body]), rng)
        return image.like(noisy[None].astype(np.float32, copy=False))


def scanner(number: int) -> Scanner:
    """The scanner of that number: its parameters are drawn by it."""
    rng = np.random.default_rng([number, 0x5CA2])
    return Scanner(
        gain=float(exp(uniform(rng, -0.5, 0.5))),
        gamma=float(exp(uniform(rng, -0.25, 0.25))),
        bias=uniform(rng, 0.05, 0.2),
        noise=uniform(rng, 0.01, 0.04),
        coil=int(rng.integers(1 << 31)),
    )
