"""Seams between sliding windows: jumps at their borders over jumps elsewhere, compared to the target's.

    | r(translated) - r(target) |    r = mean |jump| at borders / mean |jump| elsewhere

Jump: the difference of two neighbours in the mask, along any axis; borders lie where the windows of the translation
begin or end, or before voxel offset + n stride. Seams of windows: Reina et al. 2020, https://doi.org/10.3389/fnins.2020.00065
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Borders, CaseFacts, ImageMetric, Measure, Spacing
from medtrans.metrics.image._jumps import jumps
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class Seam(ImageMetric):
    comparable: ClassVar[bool] = False
    stride: Annotated[int, Ge(2)] | None = None
    """Voxels from one border to the next, along each axis; null takes the borders from the sidecar of the translation,
    in which medtrans writes where its windows began and ended."""
    offset: Annotated[int, Ge(0)] = 0
    """Voxels before the first border, with a stride."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where no border is known or lies in the mask."""
        return self._between(translated, target, mask, None)

    def of_case(self, facts: CaseFacts) -> Measure:
        return lambda translated, target, mask, spacing: self._between(translated, target, mask, facts.window_borders)

    def _between(self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, borders: Borders | None) -> float:
        body = checked_mask(mask, "seam")
        if self.stride is None and borders is None:
            raise InputRefused("seam", "the windows of the translation are unknown", "set its stride")
        if self.stride is None and not any(borders or ()):
            raise InputRefused("seam", "the volume was translated in one window or in whole slices", "leave seam out")
        pair = ((translated, "translated"), (target, "target"))
        one, other = (self._ratio(image, body, borders or (), role) for image, role in pair)
        return abs(one - other)

    def _ratio(self, image: np.ndarray, body: np.ndarray, borders: Sequence[Sequence[int]], role: str) -> float:
        found = []
        for axis in range(body.ndim):
            steps, places = jumps(image, body, axis)
            found.append((steps, self._is_border(places + 1, borders[axis] if borders else ())))
        steps, border = (np.concatenate(each) for each in zip(*found, strict=True))
        if not border.any():
            where = f"every {self.stride} voxels" if self.stride else "of the translation"
            raise InputRefused("seam", f"no border of windows {where} lies in the mask", "set a smaller stride")
        elsewhere = np.abs(steps[~border])
        if not elsewhere.any():
            what = f"{role} does not vary between borders in the mask, so that the ratio is undefined"
            raise InputRefused("seam", what, "use mae instead")
        return float(np.abs(steps[border]).mean() / elsewhere.mean())

    def _is_border(self, after: np.ndarray, borders: Sequence[int]) -> np.ndarray:
        """Whether a border lies before each of the voxels `after`."""
        return (after - self.offset) % self.stride == 0 if self.stride else np.isin(after, borders)
