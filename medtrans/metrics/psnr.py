"""Peak signal-to-noise ratio within a mask.

    PSNR = 10 log10(Q² / MSE),    both images clipped to [low, high],  Q = high - low

SynthRAD2023 and SynthRAD2025 challenges, https://doi.org/10.1002/mp.16529. Identical images give inf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import Better, Metric


@dataclass(frozen=True, kw_only=True)
class PSNR(Metric):
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "higher"
    low: float = -1024.0
    """What is below is set to this before comparing."""
    high: float = 3071.0
    """What is above is set to this."""

    def __call__(self, translated: np.ndarray, target: np.ndarray, within: np.ndarray) -> float:
        counted = np.asarray(within, bool)
        if not counted.any():
            raise EmptyMask("psnr", "the mask holds no voxel", "give the body")
        one, other = (np.clip(image[counted].astype(np.float64), self.low, self.high) for image in (translated, target))
        mse = float(np.mean((one - other) ** 2))
        return 10 * float(np.log10((self.high - self.low) ** 2 / mse)) if mse else float("inf")
