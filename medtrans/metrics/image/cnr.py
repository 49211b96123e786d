"""Contrast-to-noise ratio of two tissues compared to the target's.

    | 20 log10( CNR(translated) / CNR(target) ) |    CNR = |mean(bright) - mean(dark)| / σ

The tissues are voxels of the mask, chosen by the *target's* values; σ: noise by the finest diagonal detail. A higher
ratio than the target's is an error too: contrast was invented, or noise smoothed away. Donoho, Johnstone 1994,
https://doi.org/10.1093/biomet/81.3.425
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._noise import noise


@dataclass(frozen=True, kw_only=True)
class CNR(ImageMetric):
    comparable: ClassVar[bool] = False
    unit: ClassVar[str] = "dB"
    dark: tuple[float, float] = (0.1, 0.3)
    """Lower and upper end: voxels of the first tissue."""
    bright: tuple[float, float] = (0.7, 0.9)
    """Lower and upper end: voxels of the second tissue."""
    by: Literal["quantile", "value"] = "quantile"
    """Whether the ends are quantiles of the target in the mask, or values of the target."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where there is no contrast or no noise."""
        body = checked_mask(mask, "cnr")
        tissues = [
            self._chosen(target[body], ends, name) for name, ends in (("dark", self.dark), ("bright", self.bright))
        ]
        ratio = self._cnr(translated, body, tissues, "translated") / self._cnr(target, body, tissues, "target")
        return abs(20 * float(np.log10(ratio)))

    def _chosen(self, values: np.ndarray, ends: tuple[float, float], name: str) -> np.ndarray:
        low, high = np.quantile(values, ends) if self.by == "quantile" else ends
        chosen = (low <= values) & (values <= high)
        if not chosen.any():
            raise EmptyMask(
                "cnr", f"no voxel of the target in the mask is {name}: from {low:g} to {high:g}", f"set {name}"
            )
        return chosen

    @staticmethod
    def _cnr(image: np.ndarray, body: np.ndarray, tissues: list[np.ndarray], role: str) -> float:
        dark, bright = (float(image[body][chosen].mean(dtype=np.float64)) for chosen in tissues)
        if dark == bright:
            raise InputRefused(
                "cnr",
                f"{role} has no contrast between the two tissues, so that the ratio is undefined",
                "use mae instead",
            )
        return abs(bright - dark) / noise(image, body, "cnr", role)
