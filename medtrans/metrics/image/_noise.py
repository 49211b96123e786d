"""Noise estimation from the finest diagonal wavelet coefficients, independent of the content of the image.

    d = (x[i, j] - x[i + 1, j] - x[i, j + 1] + x[i + 1, j + 1]) / 2    σ = median |d| / 0.6745

The diagonal coefficients of Haar's wavelet in each plane (i, j), at every place whose four voxels count: edges are few
among them and do not change the median. Donoho, Johnstone 1994, https://doi.org/10.1093/biomet/81.3.425
"""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused

MEDIAN_PER_SD = 0.6744897501960817
"""The median of |d| where d is normal with standard deviation 1."""


def noise(image: np.ndarray, mask: np.ndarray, metric: str, role: str) -> float:
    """Standard deviation in the image's unit. Raises EmptyMask; InputRefused where there is no noise."""
    here = (slice(None, -1), slice(1, None))
    corners = [(i, j) for i in here for j in here]
    counts = np.logical_and.reduce([mask[corner] for corner in corners])
    if not counts.any():
        raise EmptyMask(metric, "no square of four voxels lies in the mask", "give a mask of the body")
    a, b, c, d = (image[corner][counts].astype(np.float64) for corner in corners)
    sigma = float(np.median(np.abs(a - b - c + d))) / 2 / MEDIAN_PER_SD
    if not sigma:
        raise InputRefused(
            metric,
            f"{role} has no noise: neighbouring voxels are equal, so that the ratio is undefined",
            "use mae instead",
        )
    return sigma
