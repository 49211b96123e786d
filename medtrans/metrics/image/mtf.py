"""Modulation transfer function across a straight edge: the frequency at half modulation, compared to the target's.

    | f50(translated) - f50(target) |    MTF(f50) = 1/2    MTF = |Fourier transform of d ESF/dx|, 1 at 0

The mask is a region drawn round one straight edge of the target, slanted by a few degrees to the voxels, as ISO 12233
requires: its voxels, by their distance to the plane of the edge, sample the edge spread function (ESF) four times finer
than they lie. Samei, Flynn, Reimann 1998, https://doi.org/10.1118/1.598165
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Lt
from scipy.signal.windows import tukey

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._edges import from_straight_edge
from medtrans.metrics.image._masks import checked_mask

MIN_BINS = 8
"""Bins of the edge spread function on each side of the edge."""


@dataclass(frozen=True, kw_only=True)
class MTF(ImageMetric):
    comparable: ClassVar[bool] = False
    unit: ClassVar[str] = "1/mm"
    level: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Modulation at the frequency that is compared."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the frequencies agree. Raises EmptyMask; InputRefused where the mask holds no straight edge."""
        body = checked_mask(mask, "mtf")
        distance = from_straight_edge(target, body, spacing, "mtf")[body]
        step = min(mm for mm, side in zip(spacing, body.shape, strict=True) if side > 1) / 4
        x, y = (frequency(image[body], distance, step, self.level) for image in (translated, target))
        return abs(x - y)


def frequency(values: np.ndarray, distance: np.ndarray, step: float, level: float = 0.5) -> float:
    """Cycles a mm at which the modulation falls to `level`; at most 1/(2 step), all that bins of `step` mm can show.

    `values` of voxels at `distance` mm from the edge. Raises EmptyMask, InputRefused.
    """
    esf = _edge_spread(values, distance, step)
    lsf = np.diff(esf) * tukey(len(esf) - 1, 0.5)
    spectrum = np.abs(np.fft.rfft(lsf, 16 * len(lsf)))
    if spectrum[0] <= 1e-9 * np.abs(esf).max():
        raise InputRefused("mtf", "the image has no step where the target has its edge", "use edge_width")
    waves = np.fft.rfftfreq(16 * len(lsf), step)
    # Binning and differencing each multiply the modulation by a sinc.
    modulation = spectrum / spectrum[0] / np.sinc(waves * step) ** 2
    below = np.flatnonzero(modulation < level)
    if not len(below):
        return float(waves[-1])
    n = below[0]
    return float(np.interp(-level, -modulation[n - 1 : n + 1], waves[n - 1 : n + 1]))


def _edge_spread(values: np.ndarray, distance: np.ndarray, step: float) -> np.ndarray:
    """Mean of each bin of `step` mm, equally far on both sides of the edge; empty bins are interpolated."""
    bins = np.round(distance / step).astype(np.intp)
    reach = int(min(bins.max(), -bins.min()))
    if reach < MIN_BINS:
        raise EmptyMask("mtf", f"the mask reaches {reach * step:.2g} mm beyond the edge", "draw it wider")
    near = np.abs(bins) <= reach
    count = np.bincount(bins[near] + reach, minlength=2 * reach + 1)
    total = np.bincount(bins[near] + reach, values[near].astype(np.float64), minlength=2 * reach + 1)
    filled = np.flatnonzero(count)
    return np.interp(np.arange(2 * reach + 1), filled, total[filled] / count[filled])
