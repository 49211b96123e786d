"""Copied source: the source as the translation, where its values have the unit of the target.

It needs the files of the case alone; the baselines of training_baselines.py need the training cases too.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.modality import find_modality
from medtrans.core.score import Clause
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import same_unit, top
from medtrans.evaluating.mask_arrays import mask_array

COPIED_SOURCE = "copied source"
COPIED_SOURCE_CLAUSE = Clause(
    COPIED_SOURCE,
    "the source as the translation, only where it has the unit of the target: unchanged for CT, PET and dose; for MR, "
    "which has none, scaled until its 99.5th percentile in the mask is the target's.",
)


def copied_source(source: Volume, target: Volume, mask: Volume | None, modality: str) -> Volume | None:
    """The source as if it were the translation; None where it has another grid or unit, other channels or nan."""
    alike = source.voxels.shape == target.voxels.shape and source.shares_grid_with(target)
    if not alike or not np.isfinite(source.voxels).all():
        return None
    if modality == "MR":
        return _scaled(source, target, mask_array(mask, target))
    if find_modality(modality).check(source.voxels, "source"):
        return None
    return source if modality == "CT" or same_unit(top(source.voxels), top(target.voxels)) else None


def _scaled(source: Volume, target: Volume, inside: np.ndarray) -> Volume | None:
    """Scaled until the 99.5th percentiles in the mask agree: MR has no unit."""
    own, wanted = (float(np.percentile(image.voxels[:, inside], 99.5)) for image in (source, target))
    return source.like(source.voxels * np.float32(wanted / own)) if own > 0 else None
