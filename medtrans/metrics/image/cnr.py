"""Contrast-to-noise ratio of two tissues compared to the target's.

    | 20 log10( CNR(translated) / CNR(target) ) |    CNR = |mean(bright) - mean(dark)| / σ

The tissues are voxels of the mask: two classes of the target's label map, or chosen by the *target's* values; σ: noise
by the finest diagonal detail. A higher ratio than the target's is an error too: contrast was invented, or noise
smoothed away. Donoho, Johnstone 1994, https://doi.org/10.1093/biomet/81.3.425
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import CaseFacts, ImageMetric, Measure, Spacing
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._noise import correlated_noise, noise


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
    tissues: tuple[str, str] | None = None
    """Two classes of evaluating.segmentation (or --segmenter), in place of those ends: voxels of the target's label
    map."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where there is no contrast or no noise."""
        if self.tissues is not None:
            raise InputRefused("cnr", "its tissues are classes of a label map, and there is none", "give a segmenter")
        body = checked_mask(mask, "cnr")
        ends = (("dark", self.dark), ("bright", self.bright))
        return self._between(translated, target, body, [self._chosen(target[body], own, name) for name, own in ends])

    def of_case(self, facts: CaseFacts) -> Measure:
        if self.tissues is None or not facts.tissues:
            return self
        names = self.tissues

        def measure(translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing) -> float:
            body = checked_mask(mask, "cnr")
            for name in names:
                if name not in facts.tissues:
                    raise InputRefused("cnr", f"{name!r} is no class of the label map", ", ".join(facts.tissues))
                if not facts.tissues[name][body].any():
                    raise EmptyMask("cnr", f"no voxel of the class {name} lies in the mask", "set other tissues")
            return self._between(translated, target, body, [facts.tissues[name][body] for name in names])

        return measure

    def _between(
        self, translated: np.ndarray, target: np.ndarray, body: np.ndarray, tissues: list[np.ndarray]
    ) -> float:
        ratio = self._cnr(translated, body, tissues, "translated") / self._cnr(target, body, tissues, "target")
        return abs(20 * float(np.log10(ratio)))

    def remark(self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray) -> str:
        images = ((translated, "translation"), (target, "target"))
        return "; ".join(filter(None, (correlated_noise(image, mask > 0, role) for image, role in images)))

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
