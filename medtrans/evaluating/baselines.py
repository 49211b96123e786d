"""Baselines: volumes that need no trained model, on the grid of the case and in the target's unit.

Each is scored like a translation. The copied source needs the files of the case alone; the training mean needs the
training targets, so that only a run has it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.modality import find_modality
from medtrans.core.score import Clause
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import same_unit, top

COPIED_SOURCE = "copied source"
TRAINING_MEAN, TRAINING_MEAN_IMAGE = "training mean", "training mean image"
COPIED_SOURCE_CLAUSE = Clause(
    COPIED_SOURCE,
    "the source as the translation. For CT unchanged where it is in HU, else scaled linearly until its 0.5th and "
    "99.5th percentiles in the mask are the target's; for MR scaled until its 99.5th is; for PET and dose unchanged.",
)


def copied_source(source: Volume, target: Volume, mask: Volume | None, modality: str) -> Volume | None:
    """The source as if it were the translation; None where it has another grid or unit, other channels or nan."""
    alike = source.voxels.shape == target.voxels.shape and source.shares_grid_with(target)
    if not alike or not np.isfinite(source.voxels).all():
        return None
    inside = mask.voxels[0] > 0 if mask is not None else np.ones(target.shape, bool)
    plausible = not find_modality(modality).check(source.voxels, "source")
    if modality == "MR":
        return _scaled(source, target, inside)
    if modality == "CT":
        return source if plausible else _stretched(source, target, inside)
    return source if plausible and same_unit(top(source.voxels), top(target.voxels)) else None


class TrainingMean:
    """Mean of training targets, read once: one value in the body and, where all share a shape, one per voxel."""

    def __init__(self, targets: Iterable[tuple[Volume, np.ndarray]]) -> None:
        """`targets`: volumes in the model's unit with their bodies (i, j, k). Raises InputRefused on nan in a body."""
        total, count, number = 0.0, 0, 0
        image: np.ndarray | None = None
        for volume, body in targets:
            voxels = volume.voxels.astype(np.float64)
            inside = voxels[:, body]
            if not np.isfinite(inside).all():
                what = "has voxels that are nan or infinite in its body"
                raise InputRefused("a training target", what, "leave it out", "not-finite")
            total, count, number = total + float(inside.sum()), count + inside.size, number + 1
            if number == 1:
                image = voxels
            elif image is not None:
                image = image + voxels if image.shape == voxels.shape else None
        self.value = total / count if count else float("nan")
        self.image = image / number if image is not None else None
        self.count = number

    def one_value(self, like: Volume, body: np.ndarray, air: float) -> Volume:
        """The mean value in `body` (i, j, k), air elsewhere, with the channels of `like`."""
        return _in_air(like, np.full(like.voxels.shape, self.value), body, air)

    def per_voxel(self, like: Volume, body: np.ndarray | None = None, air: float = 0.0) -> Volume | None:
        """The mean image where it has the shape of `like`, else None; air outside `body`, where one is given."""
        if self.image is None or self.image.shape != like.voxels.shape:
            return None
        return _in_air(like, self.image, np.ones(like.shape, bool) if body is None else body, air)


def _scaled(source: Volume, target: Volume, inside: np.ndarray) -> Volume | None:
    """Scaled until the 99.5th percentiles in the mask agree: MR has no unit."""
    own, wanted = (float(np.percentile(image.voxels[:, inside], 99.5)) for image in (source, target))
    return source.like(source.voxels * np.float32(wanted / own)) if own > 0 else None


def _stretched(source: Volume, target: Volume, inside: np.ndarray) -> Volume | None:
    """Scaled and shifted until the 0.5th and 99.5th percentiles in the mask agree."""
    low, high = np.percentile(source.voxels[:, inside], (0.5, 99.5))
    air, bone = np.percentile(target.voxels[:, inside], (0.5, 99.5))
    if not high > low:
        return None
    return source.like((air + (source.voxels - low) * ((bone - air) / (high - low))).astype(np.float32))


def _in_air(like: Volume, voxels: np.ndarray, body: np.ndarray, air: float) -> Volume:
    return like.like(np.where(body, voxels, air).astype(np.float32))
