"""One-hot encoding of a label map: for each label a channel, 1 where the label is and -1 elsewhere.

Between labels a channel holds a fraction, so that label maps may be resampled and deformed like images. A voxel that no
channel claims is background, 0; air is -1 here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, MinLen

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.modality import Modality
from medtrans.preparing.normalisation._normaliser import Inverse, Normaliser
from medtrans.preparing.normalisation._rescaling import rescale, unscale


@dataclass(frozen=True, kw_only=True)
class Labels(Normaliser):
    keeps_unit: ClassVar[bool] = True

    name: Literal["labels"] = "labels"
    labels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(1)] = (1,)
    """Numbers of the structures, each a channel in this order; every other number counts as background."""

    def for_modality(self, modality: Modality, where: str) -> Self:
        if modality.name != "labels":
            what = f"labels is for label maps, but the modality is {modality.name}"
            normaliser = "linear" if modality.quantitative else "percentiles"
            raise UsageError(where, what, f"set {{name: {normaliser}}}, or declare the modality labels")
        return self

    def split(self, voxels: np.ndarray) -> np.ndarray:
        """(1, i, j, k) → (labels, i, j, k), 1 where the label is, else 0. Raises InputRefused."""
        if len(voxels) != 1:
            what = f"the label map has {len(voxels)} channels, one is needed"
            raise InputRefused("labels", what, "give one map that contains all labels")
        return np.concatenate([voxels == label for label in self.labels]).astype(np.float32)

    def merge(self, channels: np.ndarray) -> np.ndarray:
        """The label with the largest fraction of each voxel, in the smallest type that holds it."""
        numbers = np.array([0, *self.labels], np.min_scalar_type(max(self.labels)))
        background = 1 - channels.sum(axis=0, keepdims=True)
        return numbers[np.concatenate([background, channels]).argmax(axis=0)][None]

    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        return rescale(voxels, 0, 1), self.restore

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        return unscale(normalised, 0, 1)
