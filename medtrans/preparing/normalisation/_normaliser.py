"""Normaliser: the base class of the files beside this one.

Air becomes -1 (zscore, and percentiles with a lower one: the value that 0 becomes). `normalise` gives the inverse for
that very image; `restore` is for a target that was not measured and gives the typical scale of the training targets
(docs/decisions/0005). The unit belongs to the modality.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.modality import Modality
from medtrans.core.settings import Settings

Inverse = Callable[[np.ndarray], np.ndarray]
MaskedVoxels: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Voxels (i, j, k) and the body mask (i, j, k)."""


@dataclass(frozen=True, kw_only=True)
class Normaliser(Settings, ABC):
    """One way to normalise. Frozen: `fit` returns a fitted copy."""

    keeps_unit: ClassVar[bool] = False
    """Whether `restore` returns measured values; else each image has a scale of its own."""
    fitted: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that `fit` sets."""

    @property
    def background(self) -> float:
        """The normalised value of air that `restore` maps to air."""
        return -1.0

    def air(self, undo: Inverse) -> float:
        """The normalised value of air in the image whose inverse is `undo`."""
        return self.background

    def for_modality(self, modality: Modality, where: str) -> Self:
        """This normaliser with the defaults of a modality. Raises UsageError where it does not suit the modality."""
        if modality.name == "labels":
            what = f"{self.to_dict()['name']} treats the numbers of labels as grey values, which cannot be averaged"
            raise UsageError(where, what, "set {name: labels, labels: [1, ...]}")
        return self

    def fit(self, volumes: Iterable[MaskedVoxels]) -> Self:
        """A copy fitted to training volumes, as `restore` requires."""
        return self

    def unfitted(self) -> dict[str, Any]:
        """The settings without what was fitted: two normalisers with equal ones have one scale."""
        return {key: value for key, value in self.to_dict().items() if key not in self.fitted}

    def split(self, voxels: np.ndarray) -> np.ndarray:
        """(channel, i, j, k) as channels that may be interpolated and blended: unchanged, except for labels."""
        return voxels

    def merge(self, channels: np.ndarray) -> np.ndarray:
        """The inverse of `split`."""
        return channels

    @abstractmethod
    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        """float32 values, and their exact inverse. Raises InputRefused where no scale can be computed."""

    @abstractmethod
    def restore(self, normalised: np.ndarray) -> np.ndarray:
        """Normalised values of a translated image on the scale of the targets. Raises UsageError before `fit`."""


def assert_fitted(fitted: object, name: str) -> None:
    """Raises UsageError where the fitted values are missing."""
    if fitted is None:
        raise UsageError(name, "was not fitted, so that its scale is unknown", "fit the preparation to training cases")
