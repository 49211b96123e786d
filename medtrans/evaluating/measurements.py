"""Measurements in a target and in its translation, for Bland-Altman plots.

The mean in the mask, and for CT the volume of bone in it, in ml.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.measurement import Measurement
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.evaluating.mask_arrays import mask_array
from medtrans.metrics.image.tissue_error import MAX_SOFT_TISSUE_HU

MR_UNIT = "of the target's 99.5th percentile"


def measurements(
    translated: Volume, target: Volume, mask: Volume | None, *, modality: str, case: str, subject: str
) -> list[Measurement]:
    """Of the first channels, volumes on one grid; `mask` counts where it is above 0. Empty for an empty mask."""
    inside = mask_array(mask, target)
    if not inside.any():
        return []
    true, predicted = (volume.voxels[0][inside].astype(np.float64) for volume in (target, translated))
    unit = find_modality(modality).unit
    if modality == "MR":
        # Each image has a scale of its own: only fractions of it can be compared between subjects.
        top, unit = max(float(np.percentile(true, 99.5)), np.finfo(np.float32).tiny), MR_UNIT
        true, predicted = true / top, predicted / top
    found = [Measurement(case, subject, "mean in the mask", unit, float(true.mean()), float(predicted.mean()))]
    if modality == "CT":
        millilitres = float(np.prod(target.spacing)) / 1000
        bone = (float((values > MAX_SOFT_TISSUE_HU).sum()) * millilitres for values in (true, predicted))
        found.append(Measurement(case, subject, f"volume of bone above {MAX_SOFT_TISSUE_HU:g} HU", "ml", *bone))
    return found
