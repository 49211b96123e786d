"""Normalised mutual information within a mask, independent of the scales of the images (scikit-image).

    NMI = (H(translated) + H(target)) / H(translated, target)

H: entropy of a histogram; 1 for independent images, 2 where each determines the other. Studholme,
Hill, Hawkes 1999, https://doi.org/10.1016/S0031-3203(98)00091-0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le
from skimage import metrics as skimage_metrics  # Loads its functions when they are called.

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask, refuse_flat


@dataclass(frozen=True, kw_only=True)
class NMI(ImageMetric):
    comparable: ClassVar[bool] = False
    direction: ClassVar[Direction] = "higher"
    bins: Annotated[int, Ge(2), Le(4096)] = 64
    """Of equal width, between the least and the greatest value of each image within the mask."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From 1 to 2. Raises EmptyMask; InputRefused where an image has one value only."""
        body = checked_mask(mask, "nmi")
        x, y = (image[body].astype(np.float64) for image in (translated, target))
        refuse_flat("nmi", x, y)
        return float(skimage_metrics.normalized_mutual_information(x, y, bins=self.bins))
