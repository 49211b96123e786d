"""Noise power spectrum (NPS): its mean or peak frequency, compared to the target's.

    | f(translated) - f(target) |    NPS(u, v) = Δx Δy / (Nx Ny) mean over squares |FFT(x - plane)|²

f: mean frequency, Σ f NPS / Σ NPS, or the peak, of the NPS averaged over rings. Squares of the planes (i, j) lie in the
mask; a plane is fitted to each and subtracted; the half with the lower standard deviation in the target counts. AAPM
TG-233, 2019, https://doi.org/10.37206/186
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge
from numpy.lib.stride_tricks import sliding_window_view

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class NoisePower(ImageMetric):
    comparable: ClassVar[bool] = False
    unit: ClassVar[str] = "1/mm"
    side: Annotated[int, Ge(8)] = 16
    """Voxels of a square's side; the frequency resolution is 1/(side Δx)."""
    of: Literal["mean", "peak"] = "mean"
    """The frequency that is compared."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the frequencies agree. Raises EmptyMask where no square fits the mask; InputRefused without noise."""
        places = _squares(checked_mask(mask, "noise_power"), self.side)
        x, y = (_flattened(image, places, self.side) for image in (translated, target))
        deviation = y.std((1, 2))
        flat = deviation <= np.median(deviation)
        found = []
        for role, squares in (("translated", x[flat]), ("target", y[flat])):
            waves, power = spectrum(squares, spacing[:2])
            if power.sum() <= 1e-12 * np.square(y).max():
                raise InputRefused(
                    "noise_power",
                    f"{role} has no noise where the target is flat, so that it has no spectrum",
                    "use mae instead",
                )
            found.append(waves[power.argmax()] if self.of == "peak" else (waves @ power) / power.sum())
        return abs(float(found[0] - found[1]))


def spectrum(squares: np.ndarray, spacing: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (1/mm) of rings and the noise power in each, of (square, i, j) without their planes."""
    sides = squares.shape[1:]
    scale = spacing[0] * spacing[1] / (sides[0] * sides[1])
    power = np.square(np.abs(np.fft.fft2(squares))).mean(0) * scale
    u, v = (np.fft.fftfreq(side, mm) for side, mm in zip(sides, spacing, strict=True))
    waves = np.hypot(u[:, None], v)
    width = 1 / min(side * mm for side, mm in zip(sides, spacing, strict=True))
    rings = np.round(waves / width).astype(np.intp)
    # Beyond the lesser Nyquist frequency rings are cut off by the corners of the square; at 0 the mean was subtracted.
    kept = (rings > 0) & (waves <= 0.5 / max(spacing))
    count, total = (np.bincount(rings[kept], values) for values in (None, power[kept]))
    filled = np.flatnonzero(count)
    return filled * width, total[filled] / count[filled]


def _squares(mask: np.ndarray, side: int) -> np.ndarray:
    """Corners (square, 3) of squares in the mask, half a side apart."""
    found = []
    for k in range(mask.shape[2] if min(mask.shape[:2]) >= side else 0):
        columns = sliding_window_view(mask[..., k], side, 0).all(-1)
        fits = np.argwhere(sliding_window_view(columns, side, 1).all(-1))
        if len(fits):
            grid = ((fits - fits[len(fits) // 2]) % (side // 2) == 0).all(1)
            found += [(i, j, k) for i, j in fits[grid]]
    if not found:
        raise EmptyMask("noise_power", f"no square of {side} voxels lies in the mask", "set a smaller side")
    return np.array(found)


def _flattened(image: np.ndarray, places: np.ndarray, side: int) -> np.ndarray:
    """(square, i, j), without the plane fitted to each."""
    cut = np.stack([image[i : i + side, j : j + side, k] for i, j, k in places]).astype(np.float64)
    ramp = np.arange(side) - (side - 1) / 2
    cut -= cut.mean((1, 2), keepdims=True)
    for slope in (ramp[:, None] * np.ones(side), ramp * np.ones((side, 1))):
        cut -= (cut * slope).sum((1, 2), keepdims=True) / np.square(slope).sum() * slope
    return cut
