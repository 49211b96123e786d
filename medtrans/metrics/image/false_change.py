"""False change: share of the voxels without change in which the translation differs from the target.

    100 · |{v in U : |e(v)| > threshold}| / |U|      e = translated - target, U the mask without the change mask

Bosc et al., NeuroImage 2003, https://doi.org/10.1016/S1053-8119(03)00406-3, on false positives of change detection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt

from medtrans.core.metric import CaseFacts, ImageMetric, Measure, Spacing
from medtrans.metrics.image._change import part_of_change
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class FalseChange(ImageMetric):
    unit: ClassVar[str] = "%"
    threshold: Annotated[float, Gt(0)] = 0.1
    """Error beyond which a voxel would be taken for changed, in the unit of the image: 0.1 suits MR, whose bright end
    is 1; give HU for CT."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The percentage in the mask, in which nothing changed. 0 for identical images. Raises EmptyMask."""
        unchanged = checked_mask(mask, "false_change")
        error = np.abs(translated[unchanged].astype(np.float64) - target[unchanged])
        return 100 * float(np.mean(error > self.threshold))

    def of_case(self, facts: CaseFacts) -> Measure:
        return lambda translated, target, mask, spacing: self(
            translated, target, part_of_change(mask, facts.change, "outside", "false_change"), spacing
        )
