"""Restoration: from normalised voxels to a volume on the grid of the source, in the unit and type of its modality.

| modality | written as |
|---|---|
| CT | int16 HU, clipped to the range of the normalisation, -1024 outside the body |
| labels | the smallest integer type that holds the largest label |
| MR | float32 on the typical scale of the training targets, 0 outside the body |
| PET, dose | float32 in SUV or Gy, 0 outside the body |

A network may answer with less than air: a linear normalisation names the lowest value, and nothing below is written.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.translating.output_checks import clipped_fraction, to_int16_hu
from medtrans.translating.prediction import Prediction


def restore(prediction: Prediction, prepared: Prepared, preparation: Preparation) -> tuple[Volume, float]:
    """The translated volume, and the fraction of body voxels that had to be clipped from above (0 without a unit)."""
    target, modality = preparation.settings.target_normalisation, preparation.modality
    restored = preparation.restore(prediction.voxels, prepared)
    background, low, high = target.restore(np.array([target.background, -1, 1], np.float32)).tolist()
    if preparation.settings.spacing is not None or background != modality.air:
        # Interpolation mixes the border of the body with the air around it.
        outside = prepared.undo(prepared.mask[None].astype(np.float32), 0.0)[0] < 0.5
        np.copyto(restored.voxels, restored.voxels.dtype.type(modality.air), where=outside)
    if modality.name != "CT":
        if target.keeps_unit:
            np.maximum(restored.voxels, restored.voxels.dtype.type(low), out=restored.voxels)
        return restored, 0.0
    restored = restored.like(to_int16_hu(restored.voxels, low, high))
    # One channel at a time: neither all bodies at once nor an index of 64 bits for each voxel is held.
    clipped = [clipped_fraction(one[prepared.mask], high, target.restore) for one in prediction.voxels]
    return restored, float(np.mean(clipped))


def restore_uncertainty(prediction: Prediction, prepared: Prepared, preparation: Preparation) -> Volume | None:
    """Standard deviation over the samples on the grid of the source, in the unit of the target: float32.

    It is the change of the restored value by one normalised standard deviation. None for a single sample.
    """
    if prediction.deviation is None:
        return None
    plus_one = prediction.voxels + prediction.deviation
    mean, more = (preparation.restore(each, prepared).voxels for each in (prediction.voxels, plus_one))
    return prepared.original.like(np.abs(more - mean).astype(np.float32))
