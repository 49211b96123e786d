"""Expected normalised calibration error (ENCE): predicted standard deviation against observed error.

    ENCE = (1/B) Σ_bins |RMV - RMSE| / RMV    RMV = √ ((1 + 1/S) mean σ²),  RMSE = √ mean error²

Voxels are sorted by their predicted standard deviation σ into B bins of equal count; values are neither clipped nor
scaled. Levi et al., Sensors 2022, https://doi.org/10.3390/s22155540

σ of S samples, whose mean is the translation, is itself random: sorted by it, a perfect posterior has too large a σ in
the last bin and too small a one in the first (ENCE 0.5 for S = 4). So one half of the samples is sorted and the other
tested: with B ~ Beta((S - 1)/4, (S - 1)/4), 2 B σ² and 2 (1 - B) σ² are the variances of two independent halves, for
normal samples exactly. Thinning of a gamma distribution: Neufeld et al., JMLR 2024,
https://arxiv.org/abs/2301.07276
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from medtrans.core.errors import InputRefused
from medtrans.core.metric import UncertaintyMetric
from medtrans.metrics.uncertainty._deviations import refuse_unfit

MIN_SAMPLES = 4
"""Two halves of fewer samples do not order the voxels."""
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Calibration(UncertaintyMetric):
    bins: Annotated[int, Ge(1)] = 10

    def __call__(self, error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> float:
        """0 is calibrated; voxels are split by a fixed seed. Raises EmptyMask for fewer voxels than bins.

        Raises InputRefused for less than 4 samples, and for σ = 0 throughout a bin.
        """
        refuse_unfit("calibration", deviation, self.bins, samples)
        if samples is not None and samples < MIN_SAMPLES:
            what = f"{samples} samples do not show which voxels are uncertain"
            raise InputRefused("calibration", what, f"translate with --samples {MIN_SAMPLES} or more")
        squared_error, sorted_by, variance = _halves(error, deviation, samples)
        order = np.argsort(sorted_by, kind="stable")
        both = (np.array_split(values[order], self.bins) for values in (squared_error, variance))
        rmse, rmv = (np.sqrt([part.mean() for part in parts]) for parts in both)
        if not rmv.all():
            fraction = float((deviation == 0).mean())
            raise InputRefused(
                "calibration", f"the uncertainty is 0 in {fraction:.0%} of the voxels", "draw more samples"
            )
        return float((np.abs(rmv - rmse) / rmv).mean())


def _halves(error: np.ndarray, deviation: np.ndarray, samples: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared error, the variance to sort by, and the predicted variance of the error, of each voxel.

    Random numbers belong to the ordered voxels, so that the result does not depend on the order of the image.
    """
    if samples is None:
        squared_error, variance = (np.square(values, dtype=np.float64) for values in (error, deviation))
        return squared_error, variance, variance
    order = np.lexsort((np.abs(error), deviation))
    squared_error, variance = (np.square(values[order], dtype=np.float64) for values in (error, deviation))
    half = (samples - 1) / 4
    share = np.random.default_rng(SEED).beta(half, half, len(variance))
    return squared_error, 2 * share * variance, (1 + 1 / samples) * 2 * (1 - share) * variance
