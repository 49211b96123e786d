"""What a volume is read for, once in the target and once in its translation: for Bland-Altman plots.

The mean in the mask, and for CT the volume of bone in it, in ml.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.volume import Volume
from medtrans.metrics.image.tissue_error import SOFT


@dataclass(frozen=True)
class Measurement:
    """One quantity of one case."""

    case: str
    subject: str
    name: str
    unit: str
    target: float
    translated: float


def measurements(
    translated: Volume, target: Volume, mask: Volume | None, *, hounsfield: bool, case: str, subject: str
) -> list[Measurement]:
    """Of the first channels, volumes on one grid; `mask` counts where it is above 0. Empty where nothing counts."""
    within = np.ones(target.shape, bool) if mask is None else mask.voxels[0] > 0
    if not within.any():
        return []
    true, made = (volume.voxels[0][within].astype(np.float64) for volume in (target, translated))
    unit = "HU" if hounsfield else "a.u."
    found = [Measurement(case, subject, "mean in the mask", unit, float(true.mean()), float(made.mean()))]
    if hounsfield:
        millilitres = float(np.prod(target.spacing)) / 1000
        bone = (float((values > SOFT).sum()) * millilitres for values in (true, made))
        found.append(Measurement(case, subject, f"volume of bone above {SOFT:g} HU", "ml", *bone))
    return found
