"""Expected normalised calibration error (ENCE): predicted standard deviation against observed error.

    ENCE = (1/B) Σ_bins |RMV - RMSE| / RMV    RMV = √ mean σ²,  RMSE = √ mean error²

Voxels are sorted by their predicted standard deviation σ into B bins of equal count; values are neither clipped nor
scaled. Levi et al., Sensors 2022, https://doi.org/10.3390/s22155540
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from medtrans.core.errors import InputRefused
from medtrans.core.metric import UncertaintyMetric
from medtrans.metrics.uncertainty._deviations import refuse_unfit


@dataclass(frozen=True, kw_only=True)
class Calibration(UncertaintyMetric):
    bins: Annotated[int, Ge(1)] = 10

    def __call__(self, error: np.ndarray, deviation: np.ndarray) -> float:
        """0 is calibrated. Raises EmptyMask for fewer voxels than bins; InputRefused for σ = 0 throughout a bin."""
        refuse_unfit("calibration", deviation, self.bins)
        order = np.argsort(deviation, kind="stable")
        both = (np.array_split(np.square(values[order], dtype=np.float64), self.bins) for values in (error, deviation))
        rmse, rmv = (np.sqrt([part.mean() for part in parts]) for parts in both)
        if not rmv.all():
            fraction = float((deviation == 0).mean())
            raise InputRefused(
                "calibration", f"the uncertainty is 0 in {fraction:.0%} of the voxels", "draw more samples"
            )
        return float((np.abs(rmv - rmse) / rmv).mean())
