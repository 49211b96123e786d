"""Mean absolute error where two visits differ, or where they do not.

    mean |e| over the mask and the change mask, or over the mask without it        e = translated - target

Bosc et al., NeuroImage 2003, https://doi.org/10.1016/S1053-8119(03)00406-3, on change between visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.metric import CaseFacts, ImageMetric, Measure, Spacing
from medtrans.metrics.image._change import part_of_change
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class ChangeError(ImageMetric):
    unit: ClassVar[str] = "of the image"
    where: Literal["inside", "outside"] = "inside"
    """The part of the mask that counts: inside or outside of the change mask of the case."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The error in the mask, which is that part already. 0 for identical images. Raises EmptyMask."""
        chosen = checked_mask(mask, "change_error")
        return float(np.abs(translated[chosen].astype(np.float64) - target[chosen]).mean())

    def of_case(self, facts: CaseFacts) -> Measure:
        return lambda translated, target, mask, spacing: self(
            translated, target, part_of_change(mask, facts.change, self.where, "change_error"), spacing
        )
