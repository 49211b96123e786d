"""Signal-to-noise ratio compared to the target's.

    | 20 log10( SNR(translated) / SNR(target) ) |    SNR = (mean - low) / σ

Mean over the mask, above the lower end of the range (air in CT, 0 in MR); σ: noise by the finest diagonal detail. Less
noise than in the target is an error too: it was smoothed away, and detail with it. Donoho, Johnstone 1994,
https://doi.org/10.1093/biomet/81.3.425
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._noise import correlated_noise, noise


@dataclass(frozen=True, kw_only=True)
class SNR(ImageMetric):
    comparable: ClassVar[bool] = False
    unit: ClassVar[str] = "dB"
    low: float = -1024.0
    """Value without signal."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where there is no noise or no signal."""
        body = checked_mask(mask, "snr")
        ratio = self._snr(translated, body, "translated") / self._snr(target, body, "target")
        return abs(20 * float(np.log10(ratio)))

    def remark(self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray) -> str:
        images = ((translated, "translation"), (target, "target"))
        return "; ".join(filter(None, (correlated_noise(image, mask > 0, role) for image, role in images)))

    def _snr(self, image: np.ndarray, body: np.ndarray, role: str) -> float:
        signal = float(image[body].mean(dtype=np.float64)) - self.low
        if signal <= 0:
            raise InputRefused(
                "snr",
                f"{role} has a mean of {signal:g} above {self.low:g} in the mask, so that there is no signal",
                "set a lower value of low",
            )
        return signal / noise(image, body, "snr", role)
