"""Error in HU of one tissue, which an average over the whole body can hide.

    absolute: mean |e|    mean: |mean e|    over: mean max(e, 0)    under: mean max(-e, 0)    e = translated - target

So absolute = over + under, and the signed mean error is over - under. In HU: air < -200 ≤ fat < -30 ≤ soft ≤ 200 <
bone, air within the mask only. Fat from -30 HU down: Yoshizumi et al. 1999,
https://doi.org/10.1148/radiology.211.1.r99ap15283
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask

MIN_FAT_HU, MIN_SOFT_TISSUE_HU, MAX_SOFT_TISSUE_HU = -200.0, -30.0, 200.0
"""HU at which a tissue begins or ends; below MIN_FAT_HU is air."""
MIN_BONE_HU = math.nextafter(MAX_SOFT_TISSUE_HU, math.inf)
"""HU from which a voxel is bone: just above MAX_SOFT_TISSUE_HU, which itself is soft tissue."""
TISSUES: dict[str, tuple[float, float]] = {
    "air": (-math.inf, MIN_FAT_HU),
    "fat": (MIN_FAT_HU, MIN_SOFT_TISSUE_HU),
    "soft": (MIN_SOFT_TISSUE_HU, MIN_BONE_HU),
    "bone": (MIN_BONE_HU, math.inf),
}
"""HU from the first to below the second."""
KINDS: dict[str, Callable[[np.ndarray], float]] = {
    "absolute": lambda error: float(np.abs(error).mean()),
    "mean": lambda error: abs(float(error.mean())),
    "over": lambda error: float(np.maximum(error, 0).mean()),
    "under": lambda error: float(np.maximum(-error, 0).mean()),
}


@dataclass(frozen=True, kw_only=True)
class TissueError(ImageMetric):
    unit: ClassVar[str] = "HU"
    modality: ClassVar = "CT"
    tissue: Literal["air", "fat", "soft", "bone"] = "soft"
    """Voxels of the mask that count, by their HU."""
    kind: Literal["absolute", "mean", "over", "under"] = "absolute"
    """Average of their errors."""
    of: Literal["target", "union"] = "target"
    """Voxels that are the tissue in the real CT, or in either, so that a wrong shape is an error."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for identical images. Raises EmptyMask, also where the tissue is nowhere in the mask."""
        body = checked_mask(mask, "tissue_error")
        x, y = (image[body].astype(np.float64) for image in (translated, target))
        low, high = TISSUES[self.tissue]
        chosen = (low <= y) & (y < high)
        if self.of == "union":
            chosen |= (low <= x) & (x < high)
        if not chosen.any():
            raise EmptyMask("tissue_error", f"there is no {self.tissue} in the mask", "set another tissue")
        return KINDS[self.kind]((x - y)[chosen])
