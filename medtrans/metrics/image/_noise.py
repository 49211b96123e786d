"""Noise estimation from the finest diagonal wavelet coefficients, independent of the content of the image.

    d = (x[i, j] - x[i + 1, j] - x[i, j + 1] + x[i + 1, j + 1]) / 2    σ = median |d| / 0.6745

The diagonal coefficients of Haar's wavelet in each plane (i, j), at every place whose four voxels count: edges are few
among them and do not change the median. Interpolation makes neighbours alike: the estimate is then too low, and d of
voxels that lie two apart is larger than that of neighbours. Donoho, Johnstone 1994, https://doi.org/10.1093/biomet/81.3.425
"""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused

MEDIAN_PER_SD = 0.6744897501960817
"""The median of |d| where d is normal with standard deviation 1."""


MIN_CORRELATED_RATIO = 1.3
"""Of the estimates from voxels two apart and from neighbours; 1 for white noise."""


def noise(image: np.ndarray, mask: np.ndarray, metric: str, role: str) -> float:
    """Standard deviation in the image's unit. Raises EmptyMask; InputRefused where there is no noise."""
    sigma = _estimate(image, mask, 1)
    if sigma is None:
        raise EmptyMask(metric, "no square of four voxels lies in the mask", "give a mask of the body")
    if not sigma:
        raise InputRefused(
            metric,
            f"{role} has no noise: neighbouring voxels are equal, so that the ratio is undefined",
            "use mae instead",
        )
    return sigma


def correlated_noise(image: np.ndarray, mask: np.ndarray, role: str) -> str:
    """A reservation where the noise of neighbouring voxels is alike, as in a resampled image; empty elsewhere."""
    near, far = _estimate(image, mask, 1), _estimate(image, mask, 2)
    if not near or not far or far < MIN_CORRELATED_RATIO * near:
        return ""
    return (
        f"neighbouring voxels of the {role} are alike, as resampling or smoothing makes them: its noise is "
        f"estimated as {near:.3g} from neighbours and {far:.3g} from voxels two apart"
    )


def _estimate(image: np.ndarray, mask: np.ndarray, step: int) -> float | None:
    """From squares whose corners are `step` voxels apart; None where none lies in the mask."""
    here = (slice(None, -step), slice(step, None))
    corners = [(i, j) for i in here for j in here]
    counts = np.logical_and.reduce([mask[corner] for corner in corners])
    if not counts.any():
        return None
    a, b, c, d = (image[corner][counts].astype(np.float64) for corner in corners)
    return float(np.median(np.abs(a - b - c + d))) / 2 / MEDIAN_PER_SD
