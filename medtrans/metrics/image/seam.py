"""Seams between sliding windows: jumps at their borders over jumps elsewhere, compared to the target's.

    | r(translated) - r(target) |    r = mean |jump| at borders / mean |jump| elsewhere

Jump: the difference of two neighbours in the mask, along any axis; borders lie before voxel offset + n stride. Seams
of windows: Reina et al. 2020, https://doi.org/10.3389/fnins.2020.00065
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from medtrans.core.errors import InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._jumps import jumps
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class Seam(ImageMetric):
    comparable: ClassVar[bool] = False
    stride: Annotated[int, Ge(2)] = 32
    """Voxels from one border to the next, along each axis."""
    offset: Annotated[int, Ge(0)] = 0
    """Voxels before the first border."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where no border lies in the mask."""
        body = checked_mask(mask, "seam")
        return abs(self._ratio(translated, body, "translated") - self._ratio(target, body, "target"))

    def _ratio(self, image: np.ndarray, body: np.ndarray, role: str) -> float:
        found = [jumps(image, body, axis) for axis in range(body.ndim)]
        steps, places = (np.concatenate(each) for each in zip(*found, strict=True))
        border = (places + 1 - self.offset) % self.stride == 0
        if not border.any():
            raise InputRefused(
                "seam", f"no border of windows every {self.stride} voxels lies in the mask", "set a smaller stride"
            )
        elsewhere = np.abs(steps[~border])
        if not elsewhere.any():
            raise InputRefused(
                "seam",
                f"{role} does not vary between borders in the mask, so that the ratio is undefined",
                "use mae instead",
            )
        return float(np.abs(steps[border]).mean() / elsewhere.mean())
