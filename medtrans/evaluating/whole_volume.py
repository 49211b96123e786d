"""Whole-volume scores: without a mask the air around the body counts, in which every translation is nearly right.

Where a fraction a of the voxels has no error, the squared error falls to (1 - a) of that in the rest, and PSNR rises by
-10 log10(1 - a) dB: by 8 dB for a head in a box that is 84 % air.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import MAX_AIR_HU
from medtrans.core.score import Clause
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import top

DARK_FRACTION = 0.05
"""Of the 99.5th percentile: images other than CT are air below."""
MIN_AIR_FRACTION = 0.01
CLAUSE = Clause("Region", "no mask: every voxel counts, the air around the body too, which raises PSNR and SSIM.")


def air_fraction(target: Volume, modality: str) -> float:
    """Fraction of the voxels of the first channel that are air by their value."""
    voxels = target.voxels[0]
    limit = MAX_AIR_HU if modality == "CT" else DARK_FRACTION * max(top(voxels), 0.0)
    return float(np.mean(voxels <= limit))


def whole_volume(fractions: Sequence[float]) -> list[Finding]:
    """A finding on scores without a mask, by the fraction of air in each scored target."""
    if not fractions:
        return []
    air = float(np.median(fractions))
    gain = abs(10 * math.log10(max(1 - air, 1e-6)))
    counts = air >= MIN_AIR_FRACTION
    higher = f"PSNR is up to {gain:.1f} dB higher than in the body, SSIM higher, MAE lower"
    return [
        Finding(
            code="whole-volume",
            severity="warn" if counts else "note",
            where="mask",
            what=f"none was given: the whole volume counts, of which {air:.0%} is air (median of the cases)",
            consequence=higher if counts else "with so little air, scores are nearly those of the body",
            advice="give a mask of the body",
            numbers={"air_fraction": air, "psnr_gain_db": gain},
        )
    ]
