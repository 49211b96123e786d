"""Hausdorff distance (95th percentile) between the surfaces of bone in the translated and in the real CT.

    HD95 = max(P95 of d(a, ∂B) over a in ∂A, P95 of d(b, ∂A) over b in ∂B)

A, B: voxels of the mask at or above the threshold. Bone that one of them lacks scores the diagonal of the volume.
Huttenlocher et al. 1993, https://doi.org/10.1109/34.232073
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._overlap import hausdorff95


@dataclass(frozen=True, kw_only=True)
class BoneHD95(ImageMetric):
    unit: ClassVar[str] = "mm"
    modality: ClassVar = "CT"
    threshold: float = 250.0
    """HU from which a voxel is bone; 150 includes spongy bone."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for equal bone. Raises EmptyMask, also where neither has bone."""
        body = checked_mask(mask, "bone_hd95")
        return hausdorff95(body & (translated >= self.threshold), body & (target >= self.threshold), spacing)
