"""Noise of CT: correlated within a slice, with less power at low frequencies than at middle ones.

    n = G_a w - c G_b w        w white, G_a and G_b Gaussian filters of a < b mm

The ramp filter of the reconstruction takes away low frequencies, its window the highest: Kijewski and Judy, Phys Med
Biol 1987, https://doi.org/10.1088/0031-9155/32/5/003. In voxels much wider than b it is white.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from medtrans.core.fields import normal
from medtrans.core.filters import gaussian_filter, gaussian_weights

NARROW, BROAD = 0.6, 1.6
"""Standard deviations a and b in mm."""
SHARE = 0.6
"""The factor c."""


def ct_noise(rng: np.random.Generator, shape: Sequence[int], spacing: Sequence[float]) -> np.ndarray:
    """Noise of mean 0 and standard deviation 1; slices lie along the third axis: float32."""
    white = normal(rng, shape)
    narrow, broad = ([deviation / mm for mm in spacing[:2]] for deviation in (NARROW, BROAD))
    noise = gaussian_filter(white, [*narrow, 0], truncate=3) - np.float32(SHARE) * gaussian_filter(
        white, [*broad, 0], truncate=3
    )
    squares = [_product(one, other) for one, other in ((narrow, narrow), (narrow, broad), (broad, broad))]
    return noise / np.float32(sqrt(squares[0] - 2 * SHARE * squares[1] + SHARE * SHARE * squares[2]))


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    """Sum over a slice of the product of two Gaussian filters of these standard deviations in voxels."""
    product = 1.0
    for a, b in zip(one, other, strict=True):
        first, second = (gaussian_weights(deviation, truncate=3).tolist() for deviation in (a, b))
        pairs = [x * y for x, y in zip(first, second, strict=False)]
        product *= pairs[0] + 2 * sum(pairs[1:])
    return product
