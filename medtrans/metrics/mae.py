"""Mean absolute error within a mask, never clipped.

    MAE = (1/N) Σ |translated - target|

SynthRAD2023 and SynthRAD2025 challenges, https://doi.org/10.1002/mp.16529
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import Better, Metric


@dataclass(frozen=True, kw_only=True)
class MAE(Metric):
    unit: ClassVar[str] = "of the image"
    better: ClassVar[Better] = "lower"

    def __call__(self, translated: np.ndarray, target: np.ndarray, within: np.ndarray) -> float:
        counted = np.asarray(within, bool)
        if not counted.any():
            raise EmptyMask("mae", "the mask holds no voxel", "give the body")
        difference = target[counted].astype(np.float64) - translated[counted].astype(np.float64)
        return float(np.abs(difference).mean())
