"""Normalised mutual information within a mask: how much one image tells of the other, whatever their scales.

    NMI = (H(translated) + H(target)) / H(translated, target)

H: entropy of a histogram; from 1, independent, to 2, each grey value of the one a grey value of the other. Studholme,
Hill, Hawkes 1999, https://doi.org/10.1016/S0031-3203(98)00091-0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from medtrans.core.metric import Direction, ImageMetric, Spacing
from medtrans.metrics.image._masks import counted, refuse_flat


@dataclass(frozen=True, kw_only=True)
class NMI(ImageMetric):
    comparable: ClassVar[bool] = False
    direction: ClassVar[Direction] = "higher"
    bins: Annotated[int, Ge(2), Le(4096)] = 64
    """Of equal width, between the least and the greatest value of each image within the mask."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, within: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From 1 to 2. Raises EmptyMask; InputRefused where an image has one value only."""
        body = counted(within, "nmi")
        x, y = (image[body].astype(np.float64) for image in (translated, target))
        refuse_flat("nmi", x, y)
        counts = np.bincount(self._binned(x) * self.bins + self._binned(y), minlength=self.bins**2)
        joint = counts.reshape(self.bins, self.bins) / len(x)
        return (_entropy(joint.sum(0)) + _entropy(joint.sum(1))) / _entropy(joint)

    def _binned(self, values: np.ndarray) -> np.ndarray:
        scaled = (values - values.min()) / np.ptp(values) * self.bins
        return np.minimum(scaled.astype(np.intp), self.bins - 1)


def _entropy(share: np.ndarray) -> float:
    present = share[share > 0]
    return -float(present @ np.log(present))
