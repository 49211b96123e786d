"""Edge width compared to the target's: blur increases it, false sharpness reduces it.

    | mean width(translated) - mean width(target) |    width: mm in which a profile rises from 10 % to 90 %

Measured across the target's strongest edges, along its gradient, in both images; 0 and 100 % are the least value on the
dark side and the greatest on the bright side of each profile. An edge blurred by a Gaussian of σ is 2.56 σ wide, less
where `reach_mm` cuts its ends off (σ above 2 mm by default); for edges sharper than a voxel, linear interpolation
adds to both widths, up to 0.8 voxels.
Smith 1997, https://www.dspguide.com/ch25/1.htm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Le

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._edges import profiles, strongest
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class EdgeWidth(ImageMetric):
    comparable: ClassVar[bool] = False
    unit: ClassVar[str] = "mm"
    share: Annotated[float, Gt(0), Le(1)] = 0.01
    """Fraction of the mask's voxels that are edges: those with the steepest gradient in the target."""
    reach_mm: Annotated[float, Gt(0)] = 5.0
    """Of a profile to both sides of the edge."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the widths agree. Raises EmptyMask, also where no profile fits; InputRefused without an edge."""
        body = checked_mask(mask, "edge_width")
        lines, step = strongest(target, body, spacing, self.share, self.reach_mm, "edge_width")
        x, y = (widths(profiles(image, body, lines)).mean() * step for image in (translated, target))
        return abs(float(x - y))


def widths(profile: np.ndarray) -> np.ndarray:
    """Of each row (line, sample) that rises through its middle: samples from 10 % to 90 %; all where it is flat."""
    middle, place = profile.shape[1] // 2, np.arange(profile.shape[1])
    low, high = profile[:, : middle + 1].min(1), profile[:, middle:].max(1)
    start, end = low + 0.1 * (high - low), low + 0.9 * (high - low)
    rising = profile[high > low]
    start, end = start[high > low, None], end[high > low, None]
    bottom = rising[:, : middle + 1].argmin(1)[:, None]
    above = ((rising >= end) & (place > bottom)).argmax(1)
    below = len(place) - 1 - ((rising <= start) & (place < above[:, None]))[:, ::-1].argmax(1)
    found = np.full(len(profile), float(len(place) - 1))
    found[high > low] = _crossing(rising, above - 1, end[:, 0]) - _crossing(rising, below, start[:, 0])
    return found


def _crossing(rows: np.ndarray, before: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Where each row reaches its level, straight from the sample `before` to the next."""
    number = np.arange(len(rows))
    here, there = rows[number, before], rows[number, before + 1]
    return before + (level - here) / (there - here)
