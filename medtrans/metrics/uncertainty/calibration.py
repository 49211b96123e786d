"""Expected normalised calibration error (ENCE): how far spreads are from the size of the errors they foretell.

    ENCE = (1/B) Σ_bins |RMV - RMSE| / RMV    RMV = √ mean spread²,  RMSE = √ mean error²

Voxels sorted by their spread into B bins of equal count, of values neither clipped nor scaled. Levi et al., Sensors
2022, https://doi.org/10.3390/s22155540
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

    def __call__(self, error: np.ndarray, spread: np.ndarray) -> float:
        """0 is calibrated. Raises EmptyMask for fewer voxels than bins; InputRefused for a spread of 0 in a bin."""
        refuse_unfit("calibration", spread, self.bins)
        order = np.argsort(spread, kind="stable")
        both = (np.array_split(np.square(values[order], dtype=np.float64), self.bins) for values in (error, spread))
        rmse, rmv = (np.sqrt([part.mean() for part in parts]) for parts in both)
        if not rmv.all():
            share = float((spread == 0).mean())
            raise InputRefused("calibration", f"the spread is 0 in {share:.0%} of the voxels", "draw more answers")
        return float((np.abs(rmv - rmse) / rmv).mean())
